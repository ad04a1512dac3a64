//! What is measured and how it is scored, as it is frozen.

use serde::{Deserialize, Serialize};
use targets::{Scoring, Target, TargetClass, Wanted};

/// A target, and where its value comes from if not from the recording.
#[derive(Debug, Clone)]
pub struct ConfiguredTarget {
    /// What is measured and how it is scored.
    pub target: Target,
    /// Of a `CommandTarget`: a shell line that gets the data store's path and the sheet, and prints
    /// the value.
    pub command: Option<String>,
}

/// A target as it is frozen into an optimization's configuration; its keys are those of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FrozenTarget {
    name: String,
    class: String,
    target_value: FrozenWanted,
    sheet_name: Option<String>,
    norm: f64,
    max_score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum FrozenWanted {
    Number(f64),
    Range(f64, f64),
}

impl From<&ConfiguredTarget> for FrozenTarget {
    fn from(configured: &ConfiguredTarget) -> Self {
        let Target { name, class, sheet_name, scoring } = &configured.target;
        Self {
            name: name.clone(),
            class: class.name().to_owned(),
            target_value: match scoring.wanted() {
                Wanted::Number(value) => FrozenWanted::Number(value),
                Wanted::Range(low, high) => FrozenWanted::Range(low, high),
            },
            sheet_name: sheet_name.clone(),
            norm: scoring.norm(),
            max_score: scoring.max_score(),
            command: configured.command.clone(),
            rule: matches!(class, TargetClass::Command(_))
                .then(|| TargetClass::of_rule(class.rule()).name().to_owned()),
        }
    }
}

impl TryFrom<&FrozenTarget> for ConfiguredTarget {
    type Error = String;

    fn try_from(frozen: &FrozenTarget) -> Result<Self, String> {
        let parse = |name: &str| name.parse::<TargetClass>().map_err(|e| e.to_string());
        let class = match &frozen.rule {
            Some(rule) => TargetClass::Command(parse(rule)?.rule()),
            None => parse(&frozen.class)?,
        };
        let wanted = match frozen.target_value {
            FrozenWanted::Number(value) => Wanted::Number(value),
            FrozenWanted::Range(low, high) => Wanted::Range(low, high),
        };
        let scoring = Scoring::new(class.rule(), wanted, Some(frozen.norm), frozen.max_score)
            .map_err(|e| e.to_string())?;
        let (name, sheet_name) = (frozen.name.clone(), frozen.sheet_name.clone());
        Ok(Self {
            target: Target { name, class, sheet_name, scoring },
            command: frozen.command.clone(),
        })
    }
}
