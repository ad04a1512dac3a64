//! Who is answered: the browser of the user to whom the token was printed, and nobody else.
//!
//! Other users of the machine can reach the port, and so can any page in the user's browser. The
//! first do not know the token. Neither do the second; the names of host and origin are checked as
//! well, so that a page whose name is made to point to this machine learns nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::Refusal;

/// A secret that is drawn for each dashboard.
#[derive(Debug, Clone)]
pub struct Token(String);

impl Token {
    /// Draws one of 128 bits.
    pub fn draw() -> std::io::Result<Self> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("{:032x}", u128::from_le_bytes(bytes))))
    }

    /// As it stands in the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is it. The time this takes says nothing, since digests are compared.
    fn is(&self, given: &str) -> bool {
        Sha256::digest(&self.0) == Sha256::digest(given)
    }
}

/// Lets those through who may, and tells the browser what the page may do.
pub async fn guard(State(token): State<Arc<Token>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&token, &request) {
        None => next.run(request).await,
        Some(why) => Refusal::new(StatusCode::FORBIDDEN, why).into_response(),
    };
    let headers = [
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
             connect-src 'self'; img-src data: blob:; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
    ];
    for (name, value) in headers {
        // One page has a policy of its own.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn refusal(token: &Token, request: &Request) -> Option<&'static str> {
    let headers = request.headers();
    let host = text(headers, HOST.as_str()).unwrap_or_default();
    if !is_this_machine(host) {
        return Some("the address must begin with http://127.0.0.1 or http://localhost");
    }
    if let Some(origin) = text(headers, ORIGIN.as_str())
        && origin.strip_prefix("http://") != Some(host)
    {
        return Some("requests from other pages are refused");
    }
    // These are the same for everybody.
    if request.uri().path().starts_with("/assets/") {
        return None;
    }
    let bearer = text(headers, AUTHORIZATION.as_str());
    let bearer = bearer.and_then(|header| header.strip_prefix("Bearer "));
    // What changes something takes a header, which no form and no link can send.
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let query = request.uri().query().unwrap_or_default();
    let in_address = query.split('&').find_map(|pair| pair.strip_prefix("token="));
    let given = bearer.or(in_address.filter(|_| reads));
    if !given.is_some_and(|given| token.is(given)) {
        return Some("the token is missing or wrong: open the address that `mozopt serve` printed");
    }
    None
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a host is this machine by a name that cannot be made to point elsewhere. Its port may be
/// another one, at the near end of a tunnel.
fn is_this_machine(host: &str) -> bool {
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
    matches!(name, "127.0.0.1" | "localhost") && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn asked(method: &str, address: &str, headers: &[(&str, &str)]) -> Option<&'static str> {
        let token = Token("5ec2e7".to_owned());
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        refusal(&token, &request.body(Body::empty()).unwrap())
    }

    const HERE: (&str, &str) = ("host", "127.0.0.1:4321");
    const KNOWN: (&str, &str) = ("authorization", "Bearer 5ec2e7");

    #[test]
    fn who_knows_the_token_may_read() {
        assert_eq!(asked("GET", "/?token=5ec2e7", &[HERE]), None);
        assert_eq!(asked("GET", "/api/news?a=1&token=5ec2e7", &[("host", "localhost:1")]), None);
        assert_eq!(asked("GET", "/api/candidates", &[HERE, KNOWN]), None);
        assert_eq!(asked("GET", "/assets/style.css", &[HERE]), None);
        for address in ["/", "/?token=", "/?token=5ec2e", "/?token=5EC2E7", "/?tok=5ec2e7"] {
            assert!(asked("GET", address, &[HERE]).unwrap().contains("token"), "{address}");
        }
    }

    #[test]
    fn who_asks_for_something_must_send_the_token_as_a_header() {
        let mine = ("origin", "http://127.0.0.1:4321");
        assert_eq!(asked("POST", "/api/requests", &[HERE, KNOWN, mine]), None);
        assert!(asked("POST", "/api/requests?token=5ec2e7", &[HERE, mine]).is_some());
    }

    #[test]
    fn other_names_and_other_pages_are_refused() {
        for host in ["evil.example", "127.0.0.1.evil.example:4321", "localhost:", "", "[::1]:1"] {
            let asked = asked("GET", "/", &[("host", host), KNOWN]);
            assert!(asked.unwrap().contains("address"), "{host}");
        }
        for origin in
            ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:4321"]
        {
            let asked = asked("POST", "/api/requests", &[HERE, KNOWN, ("origin", origin)]);
            assert!(asked.unwrap().contains("other pages"), "{origin}");
        }
    }

    #[test]
    fn tokens_differ() {
        let [one, other] = [Token::draw().unwrap(), Token::draw().unwrap()];
        assert_eq!((one.0.len(), other.0.len()), (32, 32));
        assert!(one.0 != other.0 && one.is(&one.0) && !one.is(&other.0));
    }
}
