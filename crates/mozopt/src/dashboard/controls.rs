//! What the user asks for on the page.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;

use journal::{ControllerLock, Request, Requests};

use super::{Answer, Refusal, Shared, computed};
use crate::failure::Failure;

/// Hands a request to the controller, which does it soon; the news say when it did.
pub async fn request(
    State(followed): Shared,
    request: Result<Json<Request>, JsonRejection>,
) -> Answer {
    let refused = |status, why: String| Err(Refusal::new(status, why));
    let request = match request {
        Ok(Json(request)) => request,
        Err(error) => return refused(error.status(), error.body_text()),
    };
    if let Request::ChangeLimits(change) = &request {
        let mut limits = {
            let known = followed.known();
            known.state.limits.as_ref().unwrap_or(&followed.configuration.limits).clone()
        };
        change.change(&mut limits);
        if let Err(error) = limits.check() {
            return refused(StatusCode::UNPROCESSABLE_ENTITY, error.to_string());
        }
    }
    let resume = followed.resume();
    let asked = computed(move || {
        let directory = followed.directory.path();
        if ControllerLock::holder_of(directory).is_none() {
            return Ok(false);
        }
        let asked = Requests::of(directory).ask(&request);
        asked.map_err(|error| Failure::failed(error, "is the disk full?"))?;
        Ok(true)
    });
    if !asked.await? {
        let why = format!("nothing runs this optimization now; to continue: {resume}");
        return refused(StatusCode::CONFLICT, why);
    }
    Ok((StatusCode::ACCEPTED, Json(json!({"asked": true}))).into_response())
}
