//! The biology of a candidate whose data store was kept: the page of `mozopt inspect`.

use std::sync::{Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use simulation::CandidateNumber;

use super::{Answer, Refusal, Shared, computed};
use crate::commands::inspect::Inspection;

/// A data store may need much memory: however many look, one is read at a time.
static READING: Mutex<()> = Mutex::new(());

/// What this page may do: its scripts are in it, and it asks nobody for anything.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page with summary and figures.
pub async fn biology(State(followed): Shared, Path(number): Path<CandidateNumber>) -> Answer {
    let page = computed(move || {
        let store = followed.directory.simulation(number).data_store();
        if !store.exists() {
            return Ok(None);
        }
        let _reading = READING.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(Inspection::of(&store, &[])?.page(None)))
    });
    let page = page.await?.ok_or_else(|| Refusal::not_found("its data was not kept"))?;
    let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
    Ok((headers, page).into_response())
}
