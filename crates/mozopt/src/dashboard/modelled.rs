//! The figures of the model of a followed optimization. A model takes seconds, so it is fitted in a
//! thread of its own, when somebody looks and there are new outcomes; until then the figures before
//! are shown.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use figures::{Kind, Search};
use serde_json::json;

use super::followed::Followed;
use super::pictures::in_json;
use crate::failure::Failure;
use crate::figure_data;

/// The model is not fitted anew more often than this, nor so often that it takes more than a tenth
/// of a core: simulations may need it.
const LEAST_AGE: Duration = Duration::from_secs(10);
const SHARE: u32 = 10;

/// The figures that were made, all from the same outcomes.
#[derive(Default)]
pub struct Modelled {
    made: HashMap<&'static str, Arc<str>>,
    /// The number of outcomes they were made from, and of entries of the journal.
    from: Option<(usize, u64)>,
    being_fitted: bool,
    /// When the next one may be fitted.
    next: Option<Instant>,
}

/// A figure in JSON, or that it is being made. Whoever asks again gets the latest.
pub fn figure(followed: &Arc<Followed>, kind: Kind) -> Arc<str> {
    let (outcomes, entries) = {
        let known = followed.known();
        (known.state.finished().count(), known.entries)
    };
    let mut modelled = followed.modelled();
    let is_due = modelled.next.is_none_or(|next| Instant::now() >= next);
    let is_new = modelled.from.is_none_or(|(from, _)| from != outcomes);
    if is_new && is_due && !modelled.being_fitted {
        modelled.being_fitted = true;
        let followed = Arc::clone(followed);
        let begun = thread::Builder::new().spawn(move || renew(&followed, outcomes, entries));
        modelled.being_fitted = begun.is_ok();
    }
    let waiting = || json!({"lacking": "the model is being fitted"}).to_string().into();
    modelled.made.get(kind.name).map_or_else(waiting, Arc::clone)
}

/// Fits the model and makes all its figures.
fn renew(followed: &Followed, outcomes: usize, entries: u64) {
    let began = Instant::now();
    // A panic must not keep the next one from being fitted.
    let _over = Over(followed);
    let made = made(followed, entries);
    let mut modelled = followed.modelled();
    modelled.made = made.unwrap_or_else(|failure| {
        let lacking = json!({"entries": entries, "lacking": failure.in_words()}).to_string();
        let lacking: Arc<str> = lacking.into();
        kinds().map(|kind| (kind.name, Arc::clone(&lacking))).collect()
    });
    modelled.from = Some((outcomes, entries));
    modelled.next = Some(Instant::now() + LEAST_AGE.max(SHARE * began.elapsed()));
}

fn made(followed: &Followed, entries: u64) -> Result<HashMap<&'static str, Arc<str>>, Failure> {
    // What is being written meanwhile must not wait.
    let state = followed.known().state.clone();
    let Followed { directory, configuration, .. } = followed;
    let model = figure_data::model(directory, configuration, &state)?;
    let search = Search { model, ..figure_data::search_of(configuration, state)? };
    Ok(kinds().map(|kind| (kind.name, in_json(kind, &search, entries).into())).collect())
}

fn kinds() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.shows_model)
}

struct Over<'a>(&'a Followed);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.modelled().being_fitted = false;
    }
}
