//! A whole model of one's own: set `MOZAIK_PARAMETER_TREE` to the directory that holds its
//! parameters as a sub-directory `param`, and beside it `resolved.golden.json`, a list of objects:
//! `file`, the root file; `overrides`, paths and values; `resolved`, what mozaik makes of them:
//! every leaf and its `repr`.

use mozaik_parameters::{Override, Path, Tree, Value};
use serde_json::Value as Json;

fn literal(json: &Json) -> Value {
    match json {
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => Value::Text(text.clone()),
        other => panic!("no override is {other}"),
    }
}

#[test]
#[ignore = "needs MOZAIK_PARAMETER_TREE"]
fn a_real_model_resolves_to_what_mozaik_makes_of_it() {
    let Some(base) = std::env::var_os("MOZAIK_PARAMETER_TREE").map(std::path::PathBuf::from) else {
        eprintln!("skipped: MOZAIK_PARAMETER_TREE is not set");
        return;
    };
    let golden = std::fs::read_to_string(base.join("resolved.golden.json")).unwrap();
    let golden: Json = serde_json::from_str(&golden).unwrap();
    for set in golden.as_array().unwrap() {
        let overrides: Vec<Override> = set["overrides"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(path, value)| Override {
                path: Path::from(path.as_str()),
                value: literal(value),
            })
            .collect();
        let tree = Tree::load(set["file"].as_str().unwrap(), &base).unwrap();
        let resolved = tree.with(&overrides).unwrap().0.resolve().unwrap();
        let leaves: Vec<(String, String)> = resolved
            .root()
            .leaves()
            .iter()
            .map(|(path, entry)| (path.to_string(), entry.value.repr()))
            .collect();
        let expected: Vec<(String, String)> = set["resolved"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(path, repr)| (path.clone(), repr.as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(leaves, expected);
        println!("{} leaves are equal with {} overrides", leaves.len(), overrides.len());
    }
}
