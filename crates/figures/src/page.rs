//! A page for the browser, in one file that asks for nothing from elsewhere.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::vendored::{BUNDLE, LICENCES};
use crate::{Figure, Theme};

/// The style of pages with figures.
pub const STYLE: &str = include_str!("page/page.css");
/// The script of such pages, which needs [`BUNDLE`]: `drawFigure`, `onThemeChange`, `makeSortable`.
pub const PLOTS: &str = include_str!("page/plots.js");

/// A page with figures in it. Its text can be read without JavaScript, the figures cannot.
///
/// # Examples
///
/// ```
/// use figures::{Page, Theme};
///
/// let body = "<p>Nothing was simulated yet.</p>".to_owned();
/// let page = Page { title: "Rates < 4 Hz", body, figures: &[], theme: Some(Theme::Dark) };
/// let html = page.html();
/// assert!(html.contains("<title>Rates &lt; 4 Hz</title>"));
/// assert!(html.contains("<html lang=\"en\" data-theme=\"dark\">"));
/// ```
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// The title of the window.
    pub title: &'a str,
    /// The HTML of the page; [`Page::slot`] makes the place of a figure, and a `table` of the class
    /// `sortable` can be sorted by its columns (by `data-value` where a cell has one).
    pub body: String,
    /// The figures.
    pub figures: &'a [Figure],
    /// The theme; `None`: what the reader's browser prefers.
    pub theme: Option<Theme>,
}

impl Page<'_> {
    /// The HTML of a figure's place: title, picture and caption.
    pub fn slot(figure: &Figure) -> String {
        let (name, title) = (figure.name, escaped(figure.title));
        let caption = escaped(&figure.caption);
        format!(
            "<figure id=\"{name}\">\n<h3>{title}</h3>\n<p class=\"caption\" id=\"{name}-caption\">{caption}</p>\n\
             <div class=\"plot\" data-figure=\"{name}\" role=\"group\" aria-label=\"{title}\" \
             aria-describedby=\"{name}-caption\" tabindex=\"0\"></div>\n</figure>\n"
        )
    }

    /// The whole page.
    pub fn html(&self) -> String {
        let mut html = vec![];
        // In memory there is always room.
        let _ = self.write(&mut html);
        String::from_utf8_lossy(&html).into_owned()
    }

    /// Writes the whole page, of which no more than one figure's data is in memory twice.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let theme = match self.theme {
            None => "",
            Some(Theme::Light) => " data-theme=\"light\"",
            Some(Theme::Dark) => " data-theme=\"dark\"",
        };
        let (title, body) = (escaped(self.title), &self.body);
        write!(
            out,
            "<!doctype html>\n<html lang=\"en\"{theme}>\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src \
             'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <button id=\"theme\" type=\"button\" hidden>Light / dark</button>\n{body}\
             <noscript><p>The figures need JavaScript.</p></noscript>\n\
             {DATA_BEGINS}{{\"figures\":{{"
        )?;
        for (i, figure) in self.figures.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            let name = in_script(&figure.name)?;
            write!(out, "{comma}{name}:{}", in_script(&Bare(figure))?)?;
        }
        let (themes, script) = (in_script(&themes())?, include_str!("page/page.js"));
        write!(
            out,
            "}},\"themes\":{themes}}}{DATA_ENDS}\
             <script type=\"text/plain\" id=\"licences\">\n{LICENCES}</script>\n\
             <script>{BUNDLE}</script>\n<script>\n{PLOTS}</script>\n<script>\n{script}</script>\n</body>\n</html>\n"
        )
    }
}

/// Where the scripts of a page find its data: by the identifier `data`.
const DATA_BEGINS: &str = "<script type=\"application/json\" id=\"data\">";
const DATA_ENDS: &str = "</script>\n";

/// A figure's specification, written without a copy of its data.
struct Bare<'a>(&'a Figure);

impl Serialize for Bare<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write_bare(serializer)
    }
}

/// The configurations of both themes, as the scripts know them.
pub fn themes() -> Value {
    json!({"light": Theme::Light.config(), "dark": Theme::Dark.config()})
}

/// Data for the scripts of a page.
pub fn data_block(data: &Value) -> String {
    // A value has no keys that are no text, which alone could not be written.
    let data = in_script(data).unwrap_or_default();
    format!("{DATA_BEGINS}{data}{DATA_ENDS}")
}

/// JSON inside a script element.
fn in_script(data: &impl Serialize) -> serde_json::Result<String> {
    // Only this would be read as HTML there. JSON allows control characters from DEL on as they
    // are, and HTML does not.
    let data = serde_json::to_string(data)?;
    Ok(printable::escaped(&data).replace('<', "\\u003c"))
}

/// Text as HTML, also inside an attribute.
///
/// # Examples
///
/// ```
/// assert_eq!(figures::escaped("\u{1b}[2J"), "\\u001b[2J");
/// assert_eq!(figures::escaped("V1 <L2/3> & \"L4\""), "V1 &lt;L2/3&gt; &amp; &quot;L4&quot;");
/// ```
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    // HTML allows control characters as little as XML does.
    for c in printable::escaped(text).chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}
