use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of what is presented to the model. The simulator knows what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Protocol(String);

impl Protocol {
    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// The short protocol of an optimization.
impl Default for Protocol {
    fn default() -> Self {
        Self("optimization".to_owned())
    }
}

impl FromStr for Protocol {
    type Err = String;

    /// Names become parts of paths.
    fn from_str(name: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 60 || !name.chars().all(is_plain) {
            return Err(format!(
                "`{name}` is not the name of a protocol: letters, digits, _ and -"
            ));
        }
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for Protocol {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl From<Protocol> for String {
    fn from(protocol: Protocol) -> Self {
        protocol.0
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
