//! Draws a specification: vega inside `QuickJS` makes SVG of it, resvg makes PNG of that.

use std::sync::Arc;

use resvg::{tiny_skia, usvg};
use rquickjs::{CatchResultExt, Context, Function, Promise, Runtime};
use serde::Deserialize;
use ttf_parser::Face;

use crate::vendored;

/// The interpreter recurses deeply while it lays out nested views.
const STACK_BYTES: usize = 1 << 20;

/// An engine that draws one figure after another. Starting it takes about 0.1 s.
///
/// # Examples
///
/// ```
/// use figures::Engine;
/// use serde_json::json;
///
/// let engine = Engine::new()?;
/// let drawing = engine.svg(&json!({
///     "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
///     "data": {"values": [{"generation": 1, "total": 9.0}, {"generation": 2, "total": 4.0}]},
///     "mark": "point",
///     "encoding": {
///         "x": {"field": "generation", "type": "quantitative"},
///         "y": {"field": "total", "type": "quantitative", "title": "Total score"},
///     },
/// }))?;
/// assert!(drawing.warnings.is_empty());
/// assert!(drawing.svg.starts_with("<svg") && drawing.svg.contains("Total score"));
/// assert!(engine.png(&drawing.svg, 2.0)?.starts_with(b"\x89PNG"));
/// # Ok::<(), figures::DrawError>(())
/// ```
pub struct Engine {
    // Dropped in this order: a context must not outlive its runtime.
    context: Context,
    _runtime: Runtime,
    fonts: Arc<usvg::fontdb::Database>,
}

/// A drawn figure.
#[derive(Debug, Clone, Deserialize)]
pub struct Drawing {
    /// The picture.
    pub svg: String,
    /// What vega-lite finds odd about the specification; empty for every figure of this crate.
    pub warnings: Vec<String>,
}

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// The specification is no Vega-Lite, or there was no memory.
    #[error("vega cannot draw the specification: {0}")]
    Vega(String),
    /// The picture is no SVG.
    #[error("the SVG cannot be read: {0}")]
    Svg(#[from] usvg::Error),
    /// The picture has no pixels, or too many.
    #[error("a picture of {width} × {height} pixels cannot be made")]
    Size {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// The pixels could not be packed.
    #[error("the PNG cannot be written: {0}")]
    Png(String),
}

impl Engine {
    /// Starts an engine.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn new() -> Result<Self, DrawError> {
        let failed = |error: rquickjs::Error| DrawError::Vega(error.to_string());
        let runtime = Runtime::new().map_err(failed)?;
        runtime.set_max_stack_size(STACK_BYTES);
        let context = Context::full(&runtime).map_err(failed)?;
        context.with(|ctx| -> Result<(), DrawError> {
            let measure = Function::new(ctx.clone(), em_width).map_err(failed)?;
            ctx.globals().set("emWidth", measure).map_err(failed)?;
            for source in [include_str!("browser.js"), vendored::BUNDLE, include_str!("draw.js")] {
                let run: rquickjs::Result<()> = ctx.eval(source);
                run.catch(&ctx).map_err(|error| DrawError::Vega(error.to_string()))?;
            }
            Ok(())
        })?;
        let mut fonts = usvg::fontdb::Database::new();
        for font in [vendored::REGULAR, vendored::BOLD] {
            fonts.load_font_data(font.to_vec());
        }
        fonts.set_sans_serif_family(vendored::FAMILY);
        Ok(Self { context, _runtime: runtime, fonts: Arc::new(fonts) })
    }

    /// Draws a Vega-Lite specification.
    ///
    /// # Errors
    /// When vega refuses it.
    pub fn svg(&self, specification: &serde_json::Value) -> Result<Drawing, DrawError> {
        let drawn = self.context.with(|ctx| {
            let draw = || -> rquickjs::Result<String> {
                let draw: Function<'_> = ctx.globals().get("draw")?;
                draw.call::<_, Promise<'_>>((specification.to_string(),))?.finish()
            };
            draw().catch(&ctx).map_err(|error| DrawError::Vega(error.to_string()))
        })?;
        let drawing: Drawing =
            serde_json::from_str(&drawn).map_err(|error| DrawError::Vega(error.to_string()))?;
        // Vega writes control characters of names as they are, which no SVG may hold.
        Ok(Drawing { svg: printable::escaped(&drawing.svg).into_owned(), ..drawing })
    }

    /// Makes pixels of a picture: `scale` pixels for each of its units (1/96 inch).
    ///
    /// # Errors
    /// When it is no SVG, or the picture would be too large.
    pub fn png(&self, svg: &str, scale: f32) -> Result<Vec<u8>, DrawError> {
        let options = usvg::Options {
            font_family: vendored::FAMILY.to_owned(),
            fontdb: Arc::clone(&self.fonts),
            ..usvg::Options::default()
        };
        let tree = usvg::Tree::from_str(svg, &options)?;
        let pixels = |length: f32| (length * scale).ceil() as u32;
        let (width, height) = (pixels(tree.size().width()), pixels(tree.size().height()));
        let mut pixmap =
            tiny_skia::Pixmap::new(width, height).ok_or(DrawError::Size { width, height })?;
        let transform = tiny_skia::Transform::from_scale(scale, scale);
        resvg::render(&tree, transform, &mut pixmap.as_mut());
        pixmap.encode_png().map_err(|error| DrawError::Png(error.to_string()))
    }
}

/// How wide a line of text is, in units of the font size.
#[allow(clippy::needless_pass_by_value, reason = "a function of JavaScript owns its arguments")]
fn em_width(text: String, bold: bool) -> f64 {
    let font = if bold { vendored::BOLD } else { vendored::REGULAR };
    let Ok(face) = Face::parse(font, 0) else { return 0.0 };
    let advance = |c| face.glyph_index(c).and_then(|glyph| face.glyph_hor_advance(glyph));
    let missing = face.units_per_em() / 2;
    let units: u32 = text.chars().map(|c| u32::from(advance(c).unwrap_or(missing))).sum();
    f64::from(units) / f64::from(face.units_per_em())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Engine, em_width};

    #[test]
    fn a_picture_with_control_characters_in_its_names_is_xml() {
        let specification = json!({
            "data": {"values": [{"target": "\u{1b}[2J\u{ffff}", "score": 1}]},
            "mark": "bar",
            "encoding": {
                "x": {"field": "target", "type": "nominal"},
                "y": {"field": "score", "type": "quantitative"},
            },
        });
        let engine = Engine::new().unwrap();
        let svg = engine.svg(&specification).unwrap().svg;
        assert!(svg.contains("\\u001b[2J\\uffff"), "{svg}");
        engine.png(&svg, 1.0).unwrap();
    }

    #[test]
    fn widths_are_the_sums_of_the_fonts_advances() {
        // fontTools: the sum of hmtx advances of this text, of 2048 units in an em.
        let text = || "Score ≥ 1 – ρ".to_owned();
        assert_eq!(em_width(text(), false), 12193.0 / 2048.0);
        assert_eq!(em_width(text(), true), 12637.0 / 2048.0);
    }
}
