//! Editing a parameter file in place.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, Problem};
use crate::path::Path;
use crate::python::{Expression, ExpressionKind, Item, parse, stands_alone};
use crate::repr::text_repr;
use crate::source::SourceFile;

/// The text of one parameter file, open for edits. Everything but the edited bytes stays: comments,
/// layout, the order of entries. Paths are those inside this file
/// ([`Tree::locate`](crate::Tree::locate) finds them); an edit that fails changes nothing.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use mozaik_parameters::{Document, SourceFile};
///
/// let text = "{\n    'density': 300,  # per mm2\n    'K': 1000,\n}\n".to_owned();
/// let (name, path) = ("param/sheet".to_owned(), "param/sheet".into());
/// let mut document = Document::new(Arc::new(SourceFile { name, path, text }))?;
/// document.replace(&"density".into(), "150")?;
/// document.remove(&"K".into())?;
/// document.insert(&"".into(), "size", "[2000, 1000]")?;
/// let edited = "{\n    'density': 150,  # per mm2\n    'size': [2000, 1000],\n}\n";
/// assert_eq!(document.text(), edited);
/// # Ok::<(), mozaik_parameters::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    file: Arc<SourceFile>,
    content: Expression,
}

impl Document {
    /// Opens a file.
    ///
    /// # Errors
    /// Its text is no parameter file.
    pub fn new(file: Arc<SourceFile>) -> Result<Document, Error> {
        Ok(Document { content: parse(&file)?, file })
    }

    /// The text with all edits.
    pub fn text(&self) -> &str {
        &self.file.text
    }

    /// The files that entries of this one include, in the order of the text: at which path, and the
    /// string in the `url`.
    pub fn urls(&self) -> Vec<(Path, String)> {
        let mut urls = Vec::new();
        collect_urls(&self.content, &Path::default(), &mut urls);
        urls
    }

    /// Writes `text`, an expression, in the place of the value at `path`.
    ///
    /// # Errors
    /// There is no such entry in this file, or the text is not one expression.
    pub fn replace(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        let text = expression(text)?;
        let (items, key) = self.parent(path)?;
        let item = with_key(items, key).last().ok_or_else(|| unknown(path))?;
        let span = item.value.span.clone();
        self.apply(vec![(span, text.to_owned())])
    }

    /// Adds an entry at the end of the dictionary at `path`, laid out like the entry before it.
    ///
    /// # Errors
    /// There is no such dictionary in this file, it has this key already, or the text is not one
    /// expression.
    pub fn insert(&mut self, path: &Path, key: &str, text: &str) -> Result<(), Error> {
        let text = expression(text)?;
        let entry = format!("{}: {text}", text_repr(key));
        let dict = self.dict(path)?;
        let items = items(dict).ok_or_else(|| unknown(path))?;
        if with_key(items, key).next().is_some() {
            return Err(Problem::AlreadyThere { path: path.child(key) }.into());
        }
        let Some(last) = items.last() else {
            // Before a comment, if there is one: it needs the comma.
            let brace = braces(dict).start + 1;
            return self.apply(vec![(brace..brace, entry + ",")]);
        };
        let end = last.span.end;
        let mut edits = Vec::new();
        if last.comma.is_none() {
            edits.push((end..end, ",".to_owned()));
        }
        edits.push(match self.indentation(last.span.start) {
            Some(indentation) => {
                // A comment at the end of the line belongs to the entry before.
                let at = self.end_of_line(end).unwrap_or(end);
                (at..at, format!("\n{indentation}{entry},"))
            }
            None => (end..end, format!(" {entry}{}", if last.comma.is_some() { "," } else { "" })),
        });
        self.apply(edits)
    }

    /// Takes an entry out, with its lines if it has them to itself; a key that was written twice
    /// goes twice.
    ///
    /// # Errors
    /// There is no such entry in this file.
    pub fn remove(&mut self, path: &Path) -> Result<(), Error> {
        let (items, key) = self.parent(path)?;
        let edits: Vec<_> = with_key(items, key)
            .map(|item| (self.with_its_lines(item.span.clone()), String::new()))
            .collect();
        if edits.is_empty() {
            return Err(unknown(path));
        }
        self.apply(edits)
    }

    /// Edits in the order of the text, not overlapping.
    fn apply(&mut self, edits: Vec<(Range<usize>, String)>) -> Result<(), Error> {
        let mut text = self.file.text.clone();
        for (span, new) in edits.into_iter().rev() {
            text.replace_range(span, &new);
        }
        let SourceFile { name, path, .. } = &*self.file;
        *self =
            Document::new(Arc::new(SourceFile { name: name.clone(), path: path.clone(), text }))?;
        Ok(())
    }

    fn dict(&self, path: &Path) -> Result<&Expression, Error> {
        let mut dict = &self.content;
        for key in path.components() {
            let items = items(dict).ok_or_else(|| unknown(path))?;
            dict = &with_key(items, key).last().ok_or_else(|| unknown(path))?.value;
        }
        Ok(dict)
    }

    fn parent<'a>(&self, path: &'a Path) -> Result<(&[Item], &'a str), Error> {
        let (parent, key) =
            path.split_last().ok_or_else(|| Error::from(Problem::RootHasNoEntry))?;
        Ok((items(self.dict(&parent)?).ok_or_else(|| unknown(path))?, key))
    }

    /// The blanks before `at`, if there is nothing else on its line.
    fn indentation(&self, at: usize) -> Option<&str> {
        let before = &self.text()[..at];
        let line = &before[before.rfind(['\n', '\r'])? + 1..];
        line.bytes().all(|byte| matches!(byte, b' ' | b'\t')).then_some(line)
    }

    /// Where the line of `at` ends, if there is nothing but a comment before.
    fn end_of_line(&self, at: usize) -> Option<usize> {
        let rest = &self.text()[at..];
        let line = &rest[..rest.find(['\n', '\r'])?];
        let word = line.trim_start_matches([' ', '\t']);
        (word.is_empty() || word.starts_with('#')).then_some(at + line.len())
    }

    fn with_its_lines(&self, item: Range<usize>) -> Range<usize> {
        let rest = &self.text()[item.end..];
        let after = rest.trim_start_matches([' ', '\t']);
        let end = self.text().len() - after.len();
        let line_end = ["\r\n", "\n", "\r"].iter().find(|line_end| after.starts_with(**line_end));
        match (self.indentation(item.start), line_end) {
            (Some(indentation), Some(line_end)) => {
                item.start - indentation.len()..end + line_end.len()
            }
            _ => item.start..end,
        }
    }
}

/// The text of an expression, without the blanks around it.
fn expression(text: &str) -> Result<&str, Error> {
    let trimmed = text.trim();
    if stands_alone(trimmed) {
        Ok(trimmed)
    } else {
        Err(Problem::NotAValue { text: text.to_owned() }.into())
    }
}

fn unknown(path: &Path) -> Error {
    Problem::UnknownComponent { path: path.clone(), suggestion: None }.into()
}

/// The dictionary that an expression is, also as `ParameterSet({..})`.
fn display(expression: &Expression) -> Option<(&[Item], Range<usize>)> {
    match &expression.kind {
        ExpressionKind::Dict(items) => Some((items, expression.span.clone())),
        ExpressionKind::Call { function, arguments } if function == "ParameterSet" => {
            match arguments.as_slice() {
                [(None, argument)] => display(argument),
                _ => None,
            }
        }
        _ => None,
    }
}

fn items(expression: &Expression) -> Option<&[Item]> {
    display(expression).map(|(items, _)| items)
}

fn braces(expression: &Expression) -> Range<usize> {
    display(expression).map_or(0..0, |(_, span)| span)
}

fn with_key<'a>(items: &'a [Item], key: &str) -> impl Iterator<Item = &'a Item> {
    items
        .iter()
        .filter(move |item| matches!(&item.key.kind, ExpressionKind::Text(text) if text == key))
}

fn collect_urls(expression: &Expression, path: &Path, urls: &mut Vec<(Path, String)>) {
    if let Some(items) = items(expression) {
        for item in items {
            if let ExpressionKind::Text(key) = &item.key.kind {
                collect_urls(&item.value, &path.child(key), urls);
            }
        }
    } else if let ExpressionKind::Call { function, arguments } = &expression.kind
        && function == "url"
        && let [(None, Expression { kind: ExpressionKind::Text(url), .. })] = arguments.as_slice()
    {
        urls.push((path.clone(), url.clone()));
    }
}
