//! Segments as PyNN and neo write them, whatever units their times have and whatever order their
//! spikes are in, against what quantities and NumPy say: see `make_recordings.py`.

mod support;

use std::collections::BTreeMap;
use std::fs;

use mozaik_datastore::Store;
use recording::{Recording, Segment};
use serde::Deserialize;
use support::{Fixture, data};
use targets::{Scoring, Target, TargetClass, Wanted, measure};

#[derive(Deserialize)]
struct Golden {
    /// The id of each train's neuron, and its times, sorted.
    trains: Vec<(i64, Vec<f64>)>,
    t_start_ms: f64,
    t_stop_ms: f64,
    signals: Vec<GoldenSignal>,
    /// Of targets, by class.
    #[serde(default)]
    values: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct GoldenSignal {
    name: String,
    unit: String,
    interval_ms: f64,
    samples: usize,
    means: Vec<f64>,
    first: Vec<f64>,
    last: Vec<f64>,
}

fn is_close(ours: f64, golden: f64) -> bool {
    (ours - golden).abs() <= 4.0 * f64::EPSILON * golden.abs()
}

fn goldens() -> BTreeMap<String, Vec<Golden>> {
    serde_json::from_slice(&fs::read(data("recordings.golden.json")).unwrap()).unwrap()
}

fn assert_holds(store: &Store, segment: &Segment, golden: &Golden, what: &str) {
    assert!(is_close(segment.t_start_ms, golden.t_start_ms), "{what}");
    assert!(is_close(segment.t_stop_ms, golden.t_stop_ms), "{what}: {}", segment.t_stop_ms);
    let ids = &store.sheets()[0].neuron_ids;
    let mut trains: Vec<_> =
        segment.spike_trains.iter().map(|(neuron, times)| (ids[neuron], times)).collect();
    trains.sort_by_key(|&(id, _)| id);
    assert_eq!(trains.len(), golden.trains.len(), "{what}");
    for ((id, times), (golden_id, golden)) in trains.into_iter().zip(&golden.trains) {
        assert_eq!((id, times.len()), (*golden_id, golden.len()), "{what}");
        for (&ours, &golden) in times.iter().zip(golden) {
            assert!(is_close(ours, golden), "{what}, train of {id}: {ours} is not {golden}");
        }
    }
    assert_eq!(segment.signals.len(), golden.signals.len(), "{what}");
    for golden in &golden.signals {
        let what = format!("{what}, {}", golden.name);
        let signal = segment.signal(&[&golden.name]).unwrap();
        assert_eq!((&signal.unit, signal.sample_count()), (&golden.unit, golden.samples), "{what}");
        let interval_ms = signal.sampling_interval_ms;
        assert!(is_close(interval_ms, golden.interval_ms), "{what}: {interval_ms} ms");
        for (i, (_, values)) in signal.channels().enumerate() {
            let ends = (values[0], values[values.len() - 1]);
            assert_eq!(ends, (golden.first[i], golden.last[i]), "{what}");
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            assert!((mean - golden.means[i]).abs() < 1e-12, "{what}");
        }
    }
}

#[test]
fn recordings_hold_what_numpy_and_quantities_say() {
    let fixture = Fixture::recordings();
    let goldens = goldens();
    assert_eq!(goldens.len(), 10);
    for (name, goldens) in goldens {
        let store = fixture.store(&name);
        assert_eq!(store.segments().len(), goldens.len(), "{name}");
        for (i, golden) in goldens.iter().enumerate() {
            let segment = store.load(i).unwrap();
            assert_holds(&store, &segment, golden, &format!("{name}, segment {i}"));
            assert_eq!(*store.load_spikes(i).unwrap(), segment.without_signals());
        }
    }
}

/// NumPy's values of sorted trains: of trains as they are, most intervals would be negative.
#[test]
fn values_are_those_of_trains_in_order_whatever_the_order_and_the_unit_of_the_rate() {
    let fixture = Fixture::recordings();
    for (name, goldens) in goldens().into_iter().filter(|(name, _)| name.ends_with("_rest")) {
        let store = fixture.store(&name);
        assert_eq!(goldens[0].values.len(), 2);
        for (class, golden) in &goldens[0].values {
            let class: TargetClass = class.parse().unwrap();
            let target = Target {
                name: name.clone(),
                class,
                sheet_name: Some("S".to_owned()),
                scoring: Scoring::new(class.rule(), Wanted::Number(1.0), None, 20.0).unwrap(),
            };
            let value = measure(&store, &[target]).remove(0).unwrap();
            assert!((value / golden - 1.0).abs() < 1e-12, "{class}: {value} is not {golden}");
        }
    }
}

#[test]
fn neurons_are_known_by_channel_id() {
    let fixture = Fixture::recordings();
    for name in ["pynn13", "pynn13_mozaik"] {
        let store = fixture.store(name);
        let writer = store.writer().unwrap();
        assert_eq!((writer.neo, writer.numpy), ("0.13 or newer", Some("2")));
        let segment = store.load(0).unwrap();
        assert_eq!((store.sheets()[0].neuron_count(), segment.spike_trains.len()), (12, 12));
        assert_eq!(segment.signal(&["gsyn_exc"]).unwrap().neurons, [2, 3, 4, 5, 6]);
        assert!(segment.spike_trains.train(3).len() > 2);
        assert!(segment.spike_trains.train(11).is_empty(), "a silent cell has an empty train");
    }
    // mozaik lets the trains begin at 0; those as PyNN hands them over go on.
    let ends = |name| {
        let segment = fixture.store(name).load(1).unwrap();
        (segment.t_start_ms, segment.t_stop_ms)
    };
    assert_eq!((ends("pynn13"), ends("pynn13_mozaik")), ((150.0, 300.0), (0.0, 150.0)));
}

/// `get_data(clear=True)` loses the first sample of all segments but the first, which has one more.
#[test]
fn the_second_segment_lacks_a_sample() {
    let fixture = Fixture::recordings();
    let store = fixture.store("pynn13_mozaik");
    let samples = |i| store.load(i).unwrap().signals[0].sample_count();
    assert_eq!((samples(0), samples(1)), (151, 150));
}

#[test]
fn a_train_that_ends_before_its_last_spike_is_read_though_neo_refuses_it() {
    let fixture = Fixture::recordings();
    for name in ["neo12_late", "neo14_late"] {
        let segment = fixture.store(name).load(0).unwrap();
        assert_eq!(segment.t_stop_ms, 1000.0);
        assert_eq!(segment.spike_trains.train(0), [1.0, 1000.0_f64.next_up()]);
    }
}

#[test]
fn a_spike_at_no_time_is_an_error() {
    let fixture = Fixture::recordings();
    for (name, time) in [("nan", "NaN"), ("infinite", "-inf")] {
        for version in ["neo12", "neo14"] {
            let store = fixture.store(&format!("{version}_{name}"));
            let error = store.load(0).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!(
                    "Segment0.pickle: the train of neuron 0 has a spike at {time} ms"
                )),
                "{error}"
            );
        }
    }
}
