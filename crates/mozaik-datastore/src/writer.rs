use pickle::Graph;

/// The programs that wrote a store, as far as its pickles betray them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// The protocol of its pickles: 0 by Python 2, 3 up to Python 3.7, 4 since, 5 from 3.14 on.
    pub pickle_protocol: u8,
    /// `up to 0.12` or `0.13 or newer`.
    pub neo: &'static str,
    /// `1` or `2`; `None` where there is no array.
    pub numpy: Option<&'static str>,
    /// For example `NEST`, with the time step in ms and the number of MPI processes.
    pub simulator: Option<String>,
}

impl Writer {
    /// The writer of a segment.
    pub(crate) fn of(graph: &Graph<'_>) -> Self {
        let segment = graph.root();
        let is_new = graph.attribute(segment, "_spiketrains").is_some();
        let mut numpy = graph.globals().map(|(module, _)| module);
        let numpy = numpy.find_map(|module| match module {
            "numpy._core.multiarray" | "numpy._core.numeric" => Some("2"),
            "numpy.core.multiarray" | "numpy.core.numeric" => Some("1"),
            _ => None,
        });
        Self {
            pickle_protocol: graph.protocol(),
            neo: if is_new { "0.13 or newer" } else { "up to 0.12" },
            numpy,
            simulator: simulator(graph),
        }
    }
}

fn simulator(graph: &Graph<'_>) -> Option<String> {
    let block = graph.attribute(graph.root(), "block")?;
    let annotations = graph.attribute(block, "annotations")?;
    let mut words = graph.text(graph.get(annotations, "simulator")?)?.to_owned();
    let number = |name| graph.number(graph.get(annotations, name)?);
    if let Some(step_ms) = number("dt") {
        words += &format!(", time step {step_ms} ms");
    }
    if let Some(processes) = number("mpi_processes") {
        words += &format!(", MPI processes: {processes}");
    }
    Some(words)
}
