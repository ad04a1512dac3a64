//! Text for people. What simulators print, names in files and the names of machines may hold
//! control characters, which a terminal obeys and XML does not allow: they are escaped. Times are
//! written as people write them.

use std::borrow::Cow;
use std::time::Duration;

/// How the user called this program, for commands that they may copy.
pub fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "mozopt".to_owned())
}

/// A time as a clock shows it, to the second.
///
/// # Examples
///
/// ```
/// # use std::time::Duration;
/// let shown = [5, 245, 3723, 273_600].map(|s| printable::duration(Duration::from_secs(s)));
/// assert_eq!(shown, ["0:05", "4:05", "1:02:03", "3 d 4 h"]);
/// ```
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours) = (seconds / 86400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}:{rest:02}"),
        (0, _) => format!("{hours}:{minutes:02}:{rest:02}"),
        _ => format!("{days} d {hours} h"),
    }
}

/// The text with its control characters written as escapes of JSON. Line ends and tabs stay.
///
/// # Examples
///
/// ```
/// assert_eq!(printable::escaped("Σ\tV1\n"), "Σ\tV1\n");
/// assert_eq!(printable::escaped("\u{1b}[2J"), "\\u001b[2J");
/// ```
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        push(&mut shown, character);
    }
    Cow::Owned(shown)
}

/// The same, but colours stay: sequences `ESC [ … m`. Of text that is coloured for a terminal.
pub fn escaped_but_colours(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let length = length_of_colour(rest);
        let (taken, left) = rest.split_at(length.unwrap_or(character.len_utf8()));
        match length {
            Some(_) => shown.push_str(taken),
            None => push(&mut shown, character),
        }
        rest = left;
    }
    Cow::Owned(shown)
}

fn push(shown: &mut String, character: char) {
    if is_unprintable(character) {
        shown.push_str(&format!("\\u{:04x}", u32::from(character)));
    } else {
        shown.push(character);
    }
}

/// Whether a terminal may obey it, or XML does not allow it.
fn is_unprintable(character: char) -> bool {
    let is_line_end_or_tab = matches!(character, '\n' | '\t');
    (character.is_control() && !is_line_end_or_tab) || matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// The length of the sequence that sets a colour, if the text begins with one.
fn length_of_colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    parameters[end..].starts_with('m').then_some("\u{1b}[".len() + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_text_is_not() {
        let text = "Größe µ 漢字 \u{1f9e0}\n\tline";
        assert!(matches!(escaped(text), Cow::Borrowed(same) if same == text));
        for (raw, shown) in [
            ("\u{1b}]0;title\u{7}", "\\u001b]0;title\\u0007"),
            ("a\rb\u{8}\0", "a\\u000db\\u0008\\u0000"),
            ("\u{9b}2J\u{7f}", "\\u009b2J\\u007f"),
            ("\u{ffff}", "\\uffff"),
        ] {
            assert_eq!(escaped(raw), shown);
            assert_eq!(escaped_but_colours(raw), shown);
        }
    }

    #[test]
    fn colours_stay_where_they_are_asked_for_and_nothing_else_does() {
        let text = "\u{1b}[1;31mred\u{1b}[0m \u{1b}[m\u{1b}[2J\u{1b}[31";
        let shown = "\u{1b}[1;31mred\u{1b}[0m \u{1b}[m\\u001b[2J\\u001b[31";
        assert_eq!(escaped_but_colours(text), shown);
        assert!(!escaped(text).contains('\u{1b}'));
    }

    #[test]
    fn in_json_the_escapes_mean_the_characters() {
        // JSON may hold DEL and the characters after it as they are.
        let json = "\"\u{7f}\u{9b}2J\"";
        assert_eq!(escaped(json), "\"\\u007f\\u009b2J\"");
    }
}
