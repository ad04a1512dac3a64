"""Makes recordings.tar.xz and recordings.golden.json: segments as PyNN and neo write them, and what
NumPy and quantities say that is in them.

    # One environment:
    pip install neo==0.14.6 quantities==0.16.4 numpy==2.4.6 PyNN==0.13.0 nest-simulator==3.10.0
    # Another:
    pip install neo==0.12.0 quantities==0.14.1 numpy==1.26.4
    python make_recordings.py pynn OUTPUT          in the first
    python make_recordings.py neo OUTPUT neo14     in the first
    python make_recordings.py neo OUTPUT neo12     in the second
    python make_recordings.py pack OUTPUT data     in any

Each NAME/Segment0.pickle … is a store that has no block. The golden is written by the environment
that wrote the pickles, since no version of neo reads those of all others.
"""

import json
import pickle
import sys
import tarfile
from pathlib import Path

SHEET = "S"


def stimulus(duration):
    return (
        '{"module_path" :"mozaik.stimuli","direct_stimulation_name":None, '
        f'"duration":{duration}, "name":\'InternalStimulus\', "trial":0}}'
    )


def contents(segment, trains=None):
    """What is in a segment, in ms, by the packages themselves."""
    import numpy
    import quantities

    ms = quantities.ms
    rows = {"trains": [], "signals": []}
    for train in segment.spiketrains if trains is None else trains:
        annotations = train.annotations
        neuron = (
            annotations["source_id"] if "source_id" in annotations else annotations["channel_id"]
        )
        # neo refuses to rescale a train that ends before its last spike.
        times = quantities.Quantity(numpy.asarray(train.magnitude, "f8"), train.units).rescale(ms)
        rows["trains"].append([int(neuron), numpy.sort(times.magnitude).tolist()])
        rows["t_start_ms"] = float(train.t_start.rescale(ms))
        rows["t_stop_ms"] = float(train.t_stop.rescale(ms))
    for signal in segment.analogsignals:
        samples = signal.magnitude
        rows["signals"].append(
            {
                "name": signal.name,
                "unit": signal.dimensionality.string,
                "interval_ms": float(signal.sampling_period.rescale(ms)),
                "samples": len(samples),
                "means": numpy.mean(samples, axis=0).tolist(),
                "first": [float(value) for value in samples[0]],
                "last": [float(value) for value in samples[-1]],
            }
        )
    return rows


def write(output, name, segments, goldens):
    directory = output / name
    directory.mkdir(parents=True, exist_ok=True)
    for number, segment in enumerate(segments):
        with open(directory / f"Segment{number}.pickle", "wb") as file:
            pickle.dump(segment, file)
    (directory / "golden.json").write_text(json.dumps(goldens))


def describe(segment, duration):
    segment.annotations["sheet_name"] = SHEET
    segment.annotations["stimulus"] = stimulus(duration)
    return segment


def as_mozaik(segment):
    """mozaik shifts the trains so that a presentation begins at 0, and sorts them by id."""
    import neo
    import quantities

    start = segment.spiketrains[0].t_start
    shifted = []
    for train in segment.spiketrains:
        moved = neo.SpikeTrain(
            train.rescale(quantities.ms).magnitude - float(start),
            t_start=0 * quantities.ms,
            t_stop=train.t_stop - start,
            units=quantities.ms,
        )
        moved.annotations = train.annotations
        moved.segment = segment
        shifted.append(moved)
    segment.spiketrains = sorted(shifted, key=lambda train: train.annotations["channel_id"])
    return segment


def recorded():
    """Two presentations of 150 ms to twelve cells, four of them silent, on two threads."""
    import pyNN.nest as simulator

    simulator.setup(timestep=0.1, min_delay=0.1, threads=2)
    cells = simulator.Population(12, simulator.IF_cond_exp(), label=SHEET)
    noise = simulator.Population(8, simulator.SpikeSourcePoisson(rate=3000.0))
    connector = simulator.OneToOneConnector()
    synapse = simulator.StaticSynapse(weight=0.004, delay=0.1)
    simulator.Projection(noise, cells[:8], connector, synapse, receptor_type="excitatory")
    cells.record("spikes")
    cells[2:7].record(["v", "gsyn_exc", "gsyn_inh"], sampling_interval=1.0)
    for _ in range(2):
        simulator.run(150.0)
        yield cells.get_data(clear=True).segments[0]
    simulator.end()


def make_pynn(output):
    flat, shifted = [], []
    for segment in recorded():
        flat.append(describe(pickle.loads(pickle.dumps(segment)), 150))
        shifted.append(as_mozaik(describe(segment, 150)))
    write(output, "pynn13", flat, [contents(segment) for segment in flat])
    write(output, "pynn13_mozaik", shifted, [contents(segment) for segment in shifted])


def make_neo(output, version):
    import neo
    import numpy
    import quantities as pq

    def segment(trains=(), signals=()):
        made = describe(neo.Segment(), 1000)
        for neuron, train in enumerate(trains, 3):
            train.annotate(source_id=neuron)
            made.spiketrains.append(train)
        for signal in signals:
            signal.annotate(source_ids=numpy.arange(3, 3 + signal.shape[1]))
            made.analogsignals.append(signal)
        return made

    def keep(name, made):
        write(output, f"{version}_{name}", [made], [contents(made)])

    random = numpy.random.default_rng(1)
    times = numpy.sort(random.uniform(0, 1000, (9, 7)), axis=1)

    tenth = pq.CompoundUnit("10*ms")
    tick = pq.UnitTime("tick", 0.1 * pq.ms, symbol="tick")
    ratio = pq.ms * pq.mV / pq.uV
    trains = []
    for unit, row in zip(
        [pq.ms, pq.s, pq.us, pq.min, 1 / pq.kHz, tenth, tick, ratio, pq.hour], times
    ):
        trains.append(neo.SpikeTrain(pq.Quantity(row, "ms").rescale(unit), t_stop=1000 * pq.ms))
    signals = []
    samples = random.normal(size=(20, 2))
    for name, interval in {
        "kHz": {"sampling_rate": 1 * pq.kHz},
        "Hz": {"sampling_rate": 250 * pq.Hz},
        "per_ms": {"sampling_rate": 4 / pq.ms},
        "per_minute": {"sampling_rate": 6e4 / pq.min},
        "MHz": {"sampling_rate": 0.02 * pq.MHz},
        "per_compound": {"sampling_rate": pq.Quantity(3e4, 1 / pq.CompoundUnit("2*ms"))},
        "ms": {"sampling_period": 0.7 * pq.ms},
        "us": {"sampling_period": 100 * pq.us},
        "compound": {"sampling_period": pq.Quantity(0.5, tenth)},
        "tick": {"sampling_period": pq.Quantity(3.0, tick)},
        "product": {"sampling_period": pq.Quantity(2e-3, pq.s**2 * pq.kHz)},
    }.items():
        signals.append(neo.AnalogSignal(samples, units="uS", name=name, **interval))
    keep("units", segment(trains, signals))

    mixed = [neo.SpikeTrain(random.permutation(row), units="ms", t_stop=1000) for row in times[:4]]
    keep("unsorted", segment(mixed))

    # One rounding: 1000.0000000000001 and 1000. neo checks it when a train is made, also out of a
    # pickle.
    late = neo.SpikeTrain([1.0, numpy.nextafter(1000.0, 2000.0)], units="ms", t_stop=1001.0)
    late.t_stop = 1000.0 * pq.ms
    keep("late", segment([late]))
    try:
        with open(output / f"{version}_late" / "Segment0.pickle", "rb") as file:
            pickle.load(file)
        raise SystemExit("neo reads it after all")
    except ValueError as error:
        print("neo:", error)

    # Spontaneous activity as NEST's events are: unsorted, on threads; and conductances at 1 kHz.
    trains = [random.permutation(numpy.cumsum(random.gamma(2, 40, 50))) for _ in range(4)]
    rest = segment(
        [neo.SpikeTrain(train, units="ms", t_stop=5000) for train in trains],
        [
            neo.AnalogSignal(
                mean + random.normal(size=(5000, 2)),
                units="nS",
                name=name,
                sampling_rate=1 * pq.kHz,
            )
            for name, mean in [("gsyn_exc", 10), ("gsyn_inh", 30)]
        ],
    )
    describe(rest, 5000)
    intervals = [numpy.diff(numpy.sort(train)) for train in trains]
    inhibitory, excitatory = (numpy.mean(rest.analogsignals[i].magnitude) for i in (1, 0))
    values = {
        "IrregularityTarget": float(
            numpy.mean([numpy.std(each) / numpy.mean(each) for each in intervals])
        ),
        "ConductanceRatio": float(inhibitory / excitatory),
    }
    write(output, f"{version}_rest", [rest], [{**contents(rest), "values": values}])

    for name, time in [("nan", numpy.nan), ("infinite", -numpy.inf)]:
        train = neo.SpikeTrain([1.0, 2.0], units="ms", t_stop=1000.0)
        train.view(numpy.ndarray)[1] = time
        write(output, f"{version}_{name}", [segment([train])], [])


def anonymous(member):
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member


def pack(output, data):
    rows = {}
    with tarfile.open(data / "recordings.tar.xz", "w:xz", preset=9) as archive:
        for directory in sorted(output.iterdir()):
            for path in sorted(directory.glob("*.pickle")):
                archive.add(path, f"{directory.name}/{path.name}", filter=anonymous)
            rows[directory.name] = json.loads((directory / "golden.json").read_text())
    lines = [f"{json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items() if row]
    (data / "recordings.golden.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    what, output = sys.argv[1], Path(sys.argv[2])
    if what == "pynn":
        make_pynn(output)
    elif what == "neo":
        make_neo(output, sys.argv[3])
    else:
        pack(output, Path(sys.argv[3]))
