//! Following references, as mozaik does it: pass after pass over all of them, in the order of the
//! tree, until none is left.

use std::collections::HashSet;

use indexmap::IndexMap;

use crate::error::{Error, Problem};
use crate::evaluate::VALUE_LIMIT;
use crate::number::Number;
use crate::path::Path;
use crate::python::DEPTH_LIMIT;
use crate::tree::Tree;
use crate::value::{Dict, Distribution, Formula, Operand, Operation, Value};

/// The parameters that mozaik would build the model from: references followed, distributions made.
/// References inside lists, tuples and constructor calls are still there, as they are in mozaik.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    root: Dict,
    /// For each leaf that was a reference: the leaves it took its value from.
    sources: IndexMap<Path, Vec<Path>>,
}

impl Tree {
    /// Follows all references and makes the distributions.
    ///
    /// # Errors
    /// A reference leads nowhere, into a value, or round in a circle; its arithmetic has no result;
    /// the tree grows beyond its limits; a `class_name` of `PyNNDistribution` has no fitting
    /// `params`.
    pub fn resolve(&self) -> Result<Resolved, Error> {
        let mut resolved = Resolved { root: self.root().clone(), sources: IndexMap::new() };
        let mut size = Value::Dict(resolved.root.clone()).size();
        loop {
            let mut references = Vec::new();
            collect_references(&resolved.root, &Path::default(), &mut references);
            if references.is_empty() {
                break;
            }
            let mut progress = false;
            for (path, formula) in &references {
                progress |= resolved.replace(path, formula, &mut size)?;
            }
            if !progress {
                return Err(circle(&resolved.root, &references));
            }
        }
        instantiate(&mut resolved.root, &Path::default())?;
        Ok(resolved)
    }
}

impl Resolved {
    /// The tree, to be looked up and listed.
    pub fn root(&self) -> &Dict {
        &self.root
    }

    /// The leaves that take their value from `path` (or from below it), directly or through others,
    /// in the order of the tree.
    pub fn dependents(&self, path: &Path) -> Vec<Path> {
        let mut found = HashSet::new();
        let mut next = vec![path];
        while let Some(source) = next.pop() {
            for (leaf, sources) in &self.sources {
                if sources.iter().any(|taken| taken.is_within(source)) && found.insert(leaf) {
                    next.push(leaf);
                }
            }
        }
        let leaves = self.root.leaves().into_iter().map(|(leaf, _)| leaf);
        // What became part of a distribution is below a leaf.
        let depends = |leaf: &Path| found.iter().any(|found| found.is_within(leaf));
        leaves.filter(|leaf| !leaf.is_within(path) && depends(leaf)).collect()
    }

    /// Puts the value of `formula` in its place, or says that it has to wait.
    fn replace(&mut self, path: &Path, formula: &Formula, size: &mut usize) -> Result<bool, Error> {
        let origin = self.root.entry(path)?.origin.clone();
        let value = match evaluate(&self.root, path, formula) {
            Ok(Some(value)) => value,
            Ok(None) => return Ok(false),
            Err(problem) => return Err(problem.at(origin)),
        };
        *size += value.size();
        if *size > VALUE_LIMIT {
            return Err(Problem::TooManyValues { limit: VALUE_LIMIT }.at(origin));
        }
        if path.components().len() + value.height() > DEPTH_LIMIT {
            return Err(Problem::TooDeep { limit: DEPTH_LIMIT }.at(origin));
        }
        let mut note = |leaf: &Path| {
            let source = formula.target.join(leaf.components());
            self.sources.entry(path.join(leaf.components())).or_default().push(source);
        };
        match &value {
            Value::Dict(dict) if !dict.entries.is_empty() => {
                dict.leaves().iter().for_each(|(leaf, _)| note(leaf));
            }
            _ => note(&Path::default()),
        }
        self.root.entry_mut(path)?.value = value;
        Ok(true)
    }
}

/// References that are values of the tree; those in lists, tuples and calls are not looked for.
fn collect_references(dict: &Dict, path: &Path, references: &mut Vec<(Path, Formula)>) {
    for (key, entry) in &dict.entries {
        match &entry.value {
            Value::Formula(formula) => references.push((path.child(key), formula.clone())),
            Value::Dict(dict) => collect_references(dict, &path.child(key), references),
            _ => {}
        }
    }
}

/// The value of a formula, which may be another formula; `None` while its target is a reference.
fn evaluate(root: &Dict, path: &Path, formula: &Formula) -> Result<Option<Value>, Problem> {
    let target = &formula.target;
    let value = root.value(target).map_err(|error| match error.problem {
        Problem::BelowReference { at, target: instead } => {
            let instead = instead.join(target.below(&at));
            Problem::TargetBelowReference { target: target.clone(), at, instead }
        }
        other => other,
    })?;
    match value {
        Value::Formula(_) => Ok(None),
        Value::Dict(_) if !formula.operations.is_empty() => {
            Err(Problem::ArithmeticOnSubTree { target: target.clone() })
        }
        Value::Dict(_) if path.is_within(target) => {
            Err(Problem::ReferenceCycle { chain: vec![path.clone(), target.clone()] })
        }
        value => calculate(value.clone(), &formula.operations).map(Some),
    }
}

/// Applies operations in order. At an operand that is a reference, Python's operators hand what
/// there is so far and what remains over to that reference.
fn calculate(start: Value, operations: &[Operation]) -> Result<Value, Problem> {
    let mut value = start;
    for (done, &Operation { operator, ref operand, reversed }) in operations.iter().enumerate() {
        let so_far =
            value.as_number().ok_or(Problem::NotArithmetic { operator, operand: value.kind() })?;
        let number = match operand {
            &Operand::Number(number) => number,
            Operand::Formula(formula) => {
                let mut formula = formula.clone();
                let operand = Operand::Number(so_far);
                formula.operations.push(Operation { operator, operand, reversed: true });
                formula.operations.extend_from_slice(&operations[done + 1..]);
                return Ok(Value::Formula(formula));
            }
        };
        let (left, right): (Number, Number) =
            if reversed { (number, so_far) } else { (so_far, number) };
        value = left.apply(operator, right).map_err(Problem::Arithmetic)?.into();
    }
    Ok(value)
}

/// No reference could be followed: each one's target is another. Goes along until one comes twice.
fn circle(root: &Dict, references: &[(Path, Formula)]) -> Error {
    let mut chain: Vec<Path> = references.iter().take(1).map(|(path, _)| path.clone()).collect();
    while let Some(Value::Formula(formula)) = chain.last().and_then(|path| root.value(path).ok()) {
        let repeated = chain.iter().position(|path| *path == formula.target);
        chain.push(formula.target.clone());
        if let Some(first) = repeated {
            chain.drain(..first);
            break;
        }
    }
    let origin =
        chain.first().and_then(|path| root.entry(path).ok()).and_then(|e| e.origin.clone());
    Problem::ReferenceCycle { chain }.at(origin)
}

/// Makes distributions of the sub-trees that describe one.
fn instantiate(dict: &mut Dict, path: &Path) -> Result<(), Error> {
    for (key, entry) in &mut dict.entries {
        let Value::Dict(inner) = &mut entry.value else { continue };
        let path = path.child(key);
        let class_name = inner.entries.get("class_name").map(|entry| &entry.value);
        if class_name == Some(&Value::Text("PyNNDistribution".to_owned())) {
            let distribution = distribution(inner).map_err(|reason| {
                Problem::BadDistribution { path, reason }.at(entry.origin.clone())
            })?;
            entry.value = Value::Distribution(distribution);
        } else {
            instantiate(inner, &path)?;
        }
    }
    Ok(())
}

fn distribution(dict: &Dict) -> Result<Distribution, &'static str> {
    let Some(Value::Dict(params)) = dict.entries.get("params").map(|entry| &entry.value) else {
        return Err("it has no dictionary of params");
    };
    let mut parameters: IndexMap<String, Value> =
        params.entries.iter().map(|(name, entry)| (name.clone(), entry.value.clone())).collect();
    match parameters.shift_remove("name") {
        Some(Value::Text(name)) => Ok(Distribution { name, parameters }),
        _ => Err("its params have no name"),
    }
}
