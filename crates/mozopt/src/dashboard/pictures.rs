//! The figures of a followed optimization, made when somebody looks at them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use figures::{Kind, Search};
use serde_json::json;

use super::followed::{Followed, Known};
use super::{Answer, Refusal, Shared, computed};
use crate::failure::Failure;
use crate::figure_data;

/// Figures are not made anew more often than this, however fast simulations end and however many
/// look.
const LEAST_AGE: Duration = Duration::from_secs(4);

/// The figures that were made, all from the same entries of the journal.
#[derive(Default)]
pub struct Pictures {
    made: HashMap<&'static str, Arc<str>>,
    from: Option<From>,
}

/// What the figures were made from.
struct From {
    search: Search,
    entries: u64,
    when: Instant,
}

impl Pictures {
    fn renew(&mut self, followed: &Followed, known: &Known) -> Result<(), Failure> {
        let is_good =
            |from: &From| from.entries == known.entries || from.when.elapsed() < LEAST_AGE;
        if !self.from.as_ref().is_some_and(is_good) {
            let search = figure_data::search(&followed.configuration, &known.state)?;
            self.from = Some(From { search, entries: known.entries, when: Instant::now() });
            self.made.clear();
        }
        Ok(())
    }

    /// The figure in JSON: specification, title and caption, or what is lacking.
    fn figure(&mut self, kind: Kind) -> Arc<str> {
        let Some(From { search, entries, .. }) = &self.from else { return "{}".into() };
        let made = self.made.entry(kind.name).or_insert_with(|| {
            let figure = match kind.figure(search) {
                Ok(figure) => json!({
                    "entries": entries,
                    "title": figure.title,
                    "caption": figure.caption,
                    "specification": figure.bare(),
                }),
                Err(lacking) => json!({"entries": entries, "lacking": lacking.to_string()}),
            };
            figure.to_string().into()
        });
        Arc::clone(made)
    }
}

/// A figure.
pub async fn figure(State(followed): Shared, Path(name): Path<String>) -> Answer {
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name == name) else {
        return Err(Refusal::not_found("there is no such figure"));
    };
    let figure = computed(move || {
        let mut pictures = followed.pictures();
        pictures.renew(&followed, &followed.known())?;
        Ok(pictures.figure(kind))
    });
    let figure = figure.await?.to_string();
    Ok(([(CONTENT_TYPE, "application/json")], figure).into_response())
}
