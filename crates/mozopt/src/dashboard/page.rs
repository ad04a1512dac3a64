//! The page itself: it is filled by its script.

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse};
use figures::{BUNDLE, Kind, PLOTS, STYLE, data_block, escaped, themes};
use serde_json::json;

use super::{Answer, Refusal, Shared};

/// The page.
pub async fn page(State(followed): Shared) -> Html<String> {
    let title = followed.directory.name();
    let names = Kind::ALL.map(|kind| kind.name);
    let data = data_block(&json!({
        "themes": themes(),
        "figures": names,
        "targets": followed.configuration.target_count(),
        "parameters": followed.configuration.parameters.len(),
    }));
    let page = include_str!("page.html");
    Html(page.replace("{title}", &escaped(&title)).replace("{data}", &data))
}

/// What the page loads.
pub async fn asset(Path(name): Path<String>) -> Answer {
    let (kind, text) = match name.as_str() {
        "style.css" => ("text/css", concat_style()),
        "vega.js" => ("text/javascript", BUNDLE.to_owned()),
        "plots.js" => ("text/javascript", PLOTS.to_owned()),
        "dashboard.js" => ("text/javascript", include_str!("dashboard.js").to_owned()),
        _ => return Err(Refusal::not_found("there is no such file")),
    };
    Ok(([(CONTENT_TYPE, format!("{kind}; charset=utf-8"))], text).into_response())
}

fn concat_style() -> String {
    format!("{STYLE}{}", include_str!("dashboard.css"))
}
