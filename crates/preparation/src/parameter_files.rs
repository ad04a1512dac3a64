//! `param_optim`: a copy of the model's parameter files that include each other there and record
//! what the targets need. Comments and layout stay.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use mozaik_parameters::{Document, SourceFile, Value};

use reading::MozaikParameters;

use crate::error::PreparationError;
use crate::sheet::fitted;
use crate::{PlannedFile, Preparation, Sheet, absolute, recorders};

/// Larger than any parameter file.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// All files of `param_optim`. `prefix` is how a `url` names that directory.
pub fn rewritten(
    preparation: &Preparation<'_>,
    model: &MozaikParameters,
    sheets: &[Sheet],
    prefix: &str,
    notes: &mut Vec<String>,
) -> Result<Vec<PlannedFile>, PreparationError> {
    let mut files = ParameterFiles {
        model_directory: preparation.model_directory,
        param: preparation.param,
        prefix,
        documents: BTreeMap::new(),
    };
    files.collect(preparation.root)?;
    for sheet in sheets {
        files.record(model, sheet, notes)?;
    }
    files.watch_for_explosions(model, sheets, notes)?;
    files.drop_what_is_not_included(preparation.root);
    let target = absolute(preparation.into)?.join(preparation.param_optim);
    let mut planned: Vec<_> = files
        .documents
        .iter()
        .map(|(name, document)| {
            let from = format!("a copy of {}/{name}", preparation.param);
            PlannedFile::new(target.join(name), document.text().to_owned(), &from)
        })
        .collect();
    let mut recorded = BTreeMap::new();
    for sheet in sheets {
        let recorders = recorders::of(sheet, fitted(sheets, sheet));
        recorded.insert(recorders.file, recorders.text);
    }
    for (file, text) in recorded {
        planned.push(PlannedFile::new(target.join(file), text, "what is recorded"));
    }
    Ok(planned)
}

struct ParameterFiles<'a> {
    model_directory: &'a Path,
    param: &'a str,
    prefix: &'a str,
    /// By their names in `param`.
    documents: BTreeMap<String, Document>,
}

impl ParameterFiles<'_> {
    /// Opens a file and all in `param` that it includes; what they include is named anew.
    fn collect(&mut self, name: &str) -> Result<(), PreparationError> {
        if self.documents.contains_key(name) {
            return Ok(());
        }
        let shown = format!("{}/{name}", self.param);
        let path = self.model_directory.join(&shown);
        let text = durable::read_bounded(&path, MAX_FILE_BYTES).map_err(|error| {
            PreparationError::input(format!("cannot read {error}"), "is it readable?")
        })?;
        let mut document = Document::new(Arc::new(SourceFile { name: shown, path, text }))?;
        let urls = document.urls();
        let mut included = vec![];
        for (at, url) in urls {
            // A url that leads elsewhere, to files that models share, stays.
            let Some(inside) = self.in_param(&url) else { continue };
            document.replace(&at, &format!("url(\"{}/{inside}\")", self.prefix))?;
            included.push(inside);
        }
        self.documents.insert(name.to_owned(), document);
        included.iter().try_for_each(|inside| self.collect(inside))
    }

    /// The recorders of the model itself are not needed any more.
    fn drop_what_is_not_included(&mut self, root: &str) {
        let mut included = BTreeSet::new();
        let mut open = vec![root.to_owned()];
        while let Some(name) = open.pop() {
            let urls = self.documents.get(&name).map(Document::urls).unwrap_or_default();
            let inside = urls.iter().filter_map(|(_, url)| url.strip_prefix(self.prefix));
            open.extend(inside.map(|name| name.trim_start_matches('/').to_owned()));
            included.insert(name);
        }
        self.documents.retain(|name, _| included.contains(name));
    }

    /// The name in `param` of the file that this url leads to.
    fn in_param(&self, url: &str) -> Option<String> {
        let named: PathBuf =
            Path::new(url).components().filter(|c| !matches!(c, Component::CurDir)).collect();
        let inside = named.strip_prefix(self.param).ok()?;
        let plain = inside.components().all(|c| matches!(c, Component::Normal(_)));
        plain.then(|| inside.display().to_string())
    }

    /// Lets the sheet record what the targets need.
    fn record(
        &mut self,
        model: &MozaikParameters,
        sheet: &Sheet,
        notes: &mut Vec<String>,
    ) -> Result<(), PreparationError> {
        let path = sheet.recorders();
        let file = recorders::of(sheet, false).file;
        let replacement = format!("url(\"{}/{file}\")", self.prefix);
        let place = model.tree.locate(&path).ok().and_then(|location| {
            let name = self.in_param(&location.file.name)?;
            Some((name, location.path))
        });
        let Some((name, inside)) = place else {
            notes.push(format!(
                "{path} is not written in the files of {}: record {replacement} there yourself",
                self.param
            ));
            return Ok(());
        };
        let document = self.documents.get_mut(&name);
        Ok(document.map_or(Ok(()), |document| document.replace(&inside, &replacement))?)
    }

    /// Lets mozaik end a simulation whose activity runs away, where the model has the setting.
    fn watch_for_explosions(
        &mut self,
        model: &MozaikParameters,
        sheets: &[Sheet],
        notes: &mut Vec<String>,
    ) -> Result<(), PreparationError> {
        let path = "explosion_monitoring".into();
        match model.tree.root().value(&path) {
            Err(_) => notes.push(
                "the model has no `explosion_monitoring` (mozaik before 2022): a simulation whose \
                 activity runs away continues to its end or its time limit"
                    .to_owned(),
            ),
            Ok(Value::None) => {
                let mut cortical = sheets.iter().filter(|sheet| sheet.is_cortical());
                let location = model.tree.locate(&path)?;
                let document = self
                    .in_param(&location.file.name)
                    .and_then(|name| self.documents.get_mut(&name));
                if let (Some(document), Some(name)) =
                    (document, cortical.find_map(|sheet| sheet.name.as_ref()))
                {
                    let watched = format!("{{'sheet_name': '{name}', 'threshold': 50}}");
                    document.replace(&location.path, &watched)?;
                }
            }
            Ok(_) => {}
        }
        Ok(())
    }
}
