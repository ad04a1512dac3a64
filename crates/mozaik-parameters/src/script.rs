//! What the text of a run script tells without running it.

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::Ranged;

use crate::python::is_shallow;

/// The extension modules that a script installs into NEST.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NestModules {
    /// Those whose names are written out, each once, in the order of the text.
    pub names: Vec<String>,
    /// Whether there are others, whose names only running the script would tell.
    pub others: bool,
}

/// Looks for calls of NEST's `Install`, as `nest.Install("…")` under any name that the script
/// imports NEST by, or as `Install("…")` imported from it. Comments and strings are no calls. The
/// script may be written in Python 2.
///
/// # Examples
///
/// ```
/// use mozaik_parameters::nest_modules;
///
/// let script = "import nest\nnest.Install('stepcurrentmodule')\n# nest.Install('other')\n";
/// let found = nest_modules(script);
/// assert_eq!(found.names, ["stepcurrentmodule"]);
/// assert!(!found.others);
/// assert!(nest_modules("import nest\nnest.Install(name)\n").others);
/// ```
pub fn nest_modules(script: &str) -> NestModules {
    let mut found = NestModules::default();
    if !is_shallow(script, Mode::Module) {
        found.others = script.contains("Install");
        return found;
    }
    // What follows a mistake, or a statement of Python 2, is still cut into tokens.
    let parsed = parse_unchecked(script, ParseOptions::from(Mode::Module));
    let tokens: Vec<(TokenKind, &str)> = parsed
        .tokens()
        .iter()
        .filter(|token| !matches!(token.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline))
        .map(|token| (token.kind(), &script[token.range()]))
        .collect();
    let names = names_of_nest(&tokens);
    for (at, _) in tokens.iter().enumerate().filter(|(_, (_, text))| *text == "Install") {
        let before = |steps: usize| at.checked_sub(steps).map_or("", |at| tokens[at].1);
        let called = match before(1) {
            "." => names.contains(&before(2)),
            // Defined or imported here, not called.
            "def" | "class" | "import" | "," => false,
            _ => names.contains(&"Install"),
        };
        if !called || tokens.get(at + 1).is_none_or(|(kind, _)| *kind != TokenKind::Lpar) {
            continue;
        }
        let mut arguments = &tokens[at + 2..];
        if let [(TokenKind::Name, _), (TokenKind::Equal, _), value @ ..] = arguments {
            arguments = value;
        }
        match arguments {
            [(TokenKind::String, text), (TokenKind::Rpar | TokenKind::Comma, _), ..] => {
                let name = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                let name = name.trim_matches(['"', '\'']).to_owned();
                if !found.names.contains(&name) {
                    found.names.push(name);
                }
            }
            _ => found.others = true,
        }
    }
    found
}

/// What the script calls the module `nest`; `Install` if it imports that function itself.
fn names_of_nest<'a>(tokens: &[(TokenKind, &'a str)]) -> Vec<&'a str> {
    let mut names = vec!["nest"];
    for window in tokens.windows(4) {
        let text = |at: usize| window[at].1;
        if (text(0), text(1), text(2)) == ("import", "nest", "as") {
            names.push(text(3));
        }
    }
    for (at, _) in tokens.iter().enumerate().filter(|(_, (_, text))| *text == "from") {
        let line = tokens[at..].iter().take_while(|(kind, _)| *kind != TokenKind::Newline);
        let mut line = line.map(|(_, text)| *text).skip(1);
        if line.next() == Some("nest") && line.any(|text| text == "Install" || text == "*") {
            names.push("Install");
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{NestModules, nest_modules};

    fn names(script: &str) -> Vec<String> {
        let NestModules { names, others } = nest_modules(script);
        assert!(!others, "{script}");
        names
    }

    #[test]
    fn modules_are_found_by_every_name_of_nest() {
        assert_eq!(
            names("import nest\nnest.Install(\"stepcurrentmodule\")\n"),
            ["stepcurrentmodule"]
        );
        assert_eq!(names("import pyNN.nest as sim\nsim.nest.Install('a', )\n"), ["a"]);
        assert_eq!(names("import nest as n\nif True:\n    n.Install(u'a')\n"), ["a"]);
        assert_eq!(names("from nest import (GetStatus,\n  Install)\nInstall(r'a')\n"), ["a"]);
        assert_eq!(names("nest.Install(\n    # ours\n    module_name='a')\n"), ["a"]);
        assert_eq!(names("nest.Install('b')\nnest.Install('a')\nnest.Install('b')\n"), ["b", "a"]);
    }

    #[test]
    fn what_is_no_call_installs_nothing() {
        let script = "\"\"\"Before: nest.Install('a')\"\"\"\n# nest.Install('b')\n\
                      text = \"nest.Install('c')\"\npackages.Install('d')\n\
                      def Install(name):\n    pass\nInstall('e')\nnest.Install\n";
        assert_eq!(names(script), Vec::<String>::new());
    }

    #[test]
    fn scripts_of_python_2_are_read_too() {
        let script = "print \"begin\"\nexec 'x = 0777L'\nnest.Install(\"a\")\nprint >>log, `x`\n\
                      try:\n    pass\nexcept E, e:\n    raise V, 'no'\nnest.Install('b')\n";
        assert_eq!(names(script), ["a", "b"]);
    }

    #[test]
    fn names_that_only_running_tells_are_admitted() {
        for script in
            ["nest.Install(module)\n", "nest.Install('a' + version)\n", "nest.Install()\n"]
        {
            assert!(nest_modules(script).others, "{script}");
        }
        let deep = "(".repeat(100_000) + "Install";
        assert!(nest_modules(&deep).others);
        assert!(nest_modules(&("x = ".to_owned() + &"-".repeat(100_000) + "1\n")).names.is_empty());
    }

    #[test]
    fn a_long_script_is_not_a_deep_one() {
        let script =
            "x = 1 + 2 * f(3)[4]\nif x:\n    x = not x\n".repeat(500) + "nest.Install('a')";
        assert_eq!(names(&script), ["a"]);
    }
}
