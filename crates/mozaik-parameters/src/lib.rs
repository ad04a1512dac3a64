//! The parameter language of mozaik: trees of Python literals, spread over files that include each
//! other, in which values refer to values.
//!
//! [`Tree::load`] reads a model's parameters without executing anything, [`Tree::with`] applies
//! overrides, and [`Tree::resolve`] follows the references and makes the distributions: the order
//! of mozaik's `load_parameters`, so a [`Resolved`] tree holds what mozaik would build the model
//! from. A [`Document`] edits one file in place, byte by byte, so that comments and layout survive.
//! [`nest_modules`] reads in a run script what a model needs besides its parameters.
//!
//! The language:
//!
//! - A file is one Python expression, a dictionary. It may hold literals, `pi`, arithmetic on
//!   numbers (`+ - * / **`, Python's rules), `or`, `and`, `not`, and calls of the functions below.
//!   Of a key that is written twice the last value counts, at the place of the first.
//! - `url('param/x')` is the content of that file, relative to the directory mozaik is started in.
//! - `ref('a.b.c')` is the value at that path from the root; arithmetic on it is done when it is
//!   known. A reference to a sub-tree is a copy of it. References inside lists, tuples and
//!   constructor calls stay what they are. For `or`, `and`, `not` a reference is true, whatever it
//!   refers to: `ref('a') or 1` is `ref('a')`, even where that is 0.
//! - `PyNNDistribution(name='uniform',low=1,high=2)` is a random distribution, and so is a sub-tree
//!   with `'class_name': 'PyNNDistribution'` and `'params'`. Other constructors of mozaik are kept
//!   as data.
//!
//! What Python would also evaluate, but no parameter needs, is an error: other names and operators,
//! arithmetic on anything but numbers, integers of more than 64 bits, keys that are no strings.
//!
//! Errors carry the file with its text and the bytes they are about, for whoever prints them.
//!
//! ```
//! use mozaik_parameters::{Override, Path, Tree, Value};
//!
//! # let model = tempfile::tempdir()?;
//! # std::fs::create_dir(model.path().join("param"))?;
//! # let text = "{'sheet': url('param/sheet'), 'size': 2000}";
//! # std::fs::write(model.path().join("param/defaults"), text)?;
//! # let text = "{'density': 300, 'K': 1000, 'delay': ref('sheet.K') * 0.0005}";
//! # std::fs::write(model.path().join("param/sheet"), text)?;
//! // param/defaults: {'sheet': url('param/sheet'), 'size': 2000}
//! // param/sheet:    {'density': 300, 'K': 1000, 'delay': ref('sheet.K') * 0.0005}
//! let tree = Tree::load("param/defaults", model.path())?;
//! let connections = Override { path: "sheet.K".into(), value: Value::parse_literal("600")? };
//! let (tree, notes) = tree.with(&[connections])?;
//! assert!(notes.is_empty());
//!
//! let resolved = tree.resolve()?;
//! let delay = Path::from("sheet.delay");
//! assert_eq!(resolved.root().value(&delay)?, &Value::Float(0.3));
//! assert_eq!(resolved.dependents(&"sheet.K".into()), [delay]);
//!
//! let misspelt = resolved.root().value(&"sheet.densty".into()).unwrap_err();
//! assert_eq!(misspelt.to_string(), "param/sheet:1:1: there is no sheet.densty");
//! assert_eq!(misspelt.problem.advice(), Some("did you mean density?".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![warn(clippy::unwrap_used)]

mod document;
mod error;
mod evaluate;
mod load;
mod number;
mod old_distributions;
mod path;
mod python;
mod repr;
mod resolve;
mod script;
mod source;
mod tree;
mod value;

pub use document::Document;
pub use error::{Error, Problem};
pub use number::{ArithmeticError, Number, Operator};
pub use path::Path;
pub use resolve::Resolved;
pub use script::{NestModules, nest_modules};
pub use source::{Origin, SourceFile};
pub use tree::{Location, Note, Override, Tree};
pub use value::{Call, Dict, Distribution, Entry, Formula, Operand, Operation, Value};
