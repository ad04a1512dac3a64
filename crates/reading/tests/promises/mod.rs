//! What reading the user's files promises, whatever their text.

use std::collections::BTreeSet;

use configuration::{ConfiguredTarget, FrozenTarget};
use reading::{ConfigOptimisation, Mistake, Settings, Source};

/// Of `config_optimisation`.
pub fn config_optimisation(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    let (read, mistakes) = ConfigOptimisation::parse(&Source::new("config_optimisation", text));
    for mistake in &mistakes {
        assert_points_into(text, mistake);
    }
    let Some(read) = read else {
        assert!(!mistakes.is_empty(), "nothing is said about what cannot be read");
        return;
    };
    if !mistakes.is_empty() {
        return;
    }
    for parameter in &read.parameters {
        assert!(parameter.low.is_finite() && parameter.high.is_finite());
        assert!(parameter.low <= parameter.high, "{parameter:?}");
        if let Some(centroid) = parameter.centroid {
            assert!((parameter.low..=parameter.high).contains(&centroid), "{parameter:?}");
        }
    }
    let names: BTreeSet<_> = read.targets.iter().map(|target| &target.target.name).collect();
    assert_eq!(names.len(), read.targets.len(), "two targets have the same name");
    for target in &read.targets {
        let frozen = serde_json::to_string(&FrozenTarget::from(target)).unwrap();
        let frozen: FrozenTarget = serde_json::from_str(&frozen).unwrap();
        let thawed = ConfiguredTarget::try_from(&frozen).unwrap();
        assert_eq!((&thawed.target.name, &thawed.command), (&target.target.name, &target.command));
        assert_eq!(thawed.target.scoring.wanted(), target.target.scoring.wanted());
    }
}

/// Of `mozopt.toml`.
pub fn settings(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else { return };
    match Settings::parse(&Source::new("mozopt.toml", text)) {
        Ok(settings) => {
            let limits = settings.limits();
            assert_eq!(settings.overridden_by(Settings::default()).limits(), limits);
        }
        Err(mistake) => assert_points_into(text, &mistake),
    }
}

/// A mistake can be shown: its place is whole characters of the text.
#[track_caller]
fn assert_points_into(text: &str, mistake: &Mistake) {
    if let Some(place) = &mistake.place {
        assert!(text.get(place.span.clone()).is_some(), "{mistake} at {:?}", place.span);
    }
}
