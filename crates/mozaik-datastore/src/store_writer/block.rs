//! `datastore.recordings.pickle`: what is known of all sheets, and the list of segments.

use pickle::{Kept, Writer};
use recording::Sheet;

use super::neo::{self, Description};
use super::quantities::{Numbers, Quantities, Shape};
use super::{Contents, Layout};

/// The pickle of the block.
pub(super) fn block(layout: Layout, contents: &Contents, explosion_detected: bool) -> Vec<u8> {
    let mut to = Writer::new();
    to.new_object("neo.core.block", "Block");
    let this = to.keep();
    to.state(|state| {
        state.text("annotations").dict(|annotations| {
            write_sheets(annotations, layout, &contents.sheets);
            annotations.text("model_parameters").text(&contents.parameters);
            annotations.text("sheet_parameters").text(&contents.parameters);
            annotations.text("experiment_parameters").list(|list| {
                for (class, parameters) in &contents.experiments {
                    list.tuple(|experiment| {
                        experiment.text(&format!("<class '{class}'>")).text(parameters);
                    });
                }
            });
            annotations.text("simulation_log").dict(|log| {
                log.text("rngs_state").list(|_| {});
                log.text("explosion_detected").boolean(explosion_detected);
            });
        });
        for name in ["name", "description", "file_origin"] {
            state.text(name).none();
        }
        neo::block_end(state, layout, this, |segments| {
            for (number, about) in contents.descriptions().enumerate() {
                wrapper(segments, layout, &about, number, this);
            }
        });
    });
    to.finish()
}

/// mozaik's stand-in for a segment that lies in a file of its own.
fn wrapper(to: &mut Writer, layout: Layout, about: &Description<'_>, number: usize, block: Kept) {
    to.new_object("mozaik.storage.neo_neurotools_wrapper", "PickledDataStoreNeoWrapper");
    let this = to.keep();
    to.state(|state| {
        state.text("init_sp").integer(0);
        state.text("init_as").boolean(false);
        about.write_to(state);
        match layout {
            Layout::Neo12 => {
                state.text("block").none();
                for name in ["epochs", "events", "irregularlysampledsignals", "imagesequences"] {
                    state.text(name).list(|_| {});
                }
            }
            Layout::Neo14 => {
                state.text("block").again(block);
                neo::empty_containers(state, this);
            }
        }
        about.write_end_to(state);
        state.text("identifier").text(&format!("Segment{number}"));
        state.text("null").boolean(false);
        state.text("full").boolean(false);
        // mozaik sets it to where it finds the store.
        state.text("datastore_path").text("");
    });
}

fn write_sheets(annotations: &mut Writer, layout: Layout, sheets: &[Sheet]) {
    let mut quantities = Quantities::new(layout);
    by_sheet(annotations.text("neuron_ids"), sheets, |to, sheet| {
        quantities.vector(to, Numbers::Integer(&sheet.neuron_ids));
    });
    by_sheet(annotations.text("neuron_positions"), sheets, |to, sheet| {
        // Neuron after neuron x, y and z: of an array with three rows that is Fortran's order.
        let positions = sheet.positions_deg.iter().flatten();
        let positions: Vec<_> = positions.flat_map(|&[x, y]| [x, y, 0.0]).collect();
        let shape = Shape { lengths: &[3, positions.len() / 3], is_fortran: true };
        quantities.array(to, shape, Numbers::Float(&positions));
    });
    by_sheet(annotations.text("neuron_annotations"), sheets, |to, sheet| {
        to.list(|list| {
            for neuron in 0..sheet.neuron_count() {
                list.call("collections", "OrderedDict", |_| {});
                let orientation =
                    sheet.orientations_rad.as_ref().and_then(|all| all.get(neuron).copied());
                if let Some(orientation) = orientation {
                    list.entries(|entries| {
                        entries.text("LGNAfferentOrientation").float(orientation);
                    });
                }
            }
        });
    });
}

fn by_sheet(to: &mut Writer, sheets: &[Sheet], mut value: impl FnMut(&mut Writer, &Sheet)) {
    to.call("collections", "OrderedDict", |_| {});
    to.entries(|entries| {
        for sheet in sheets {
            value(entries.text(&sheet.name), sheet);
        }
    });
}
