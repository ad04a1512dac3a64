//! What is built in and comes from elsewhere: `vega/README.md`.

/// vega, vega-lite and vega-embed as one script, for browsers and for `QuickJS`.
pub const BUNDLE: &str = include_str!("../vega/bundle.js");
/// The licences of what is in [`BUNDLE`].
pub const LICENCES: &str = include_str!("../vega/LICENCES");
/// The family of the fonts; its widths are those of Arial.
pub const FAMILY: &str = "Liberation Sans";
/// Liberation Sans Regular.
pub const REGULAR: &[u8] = include_bytes!("../vega/LiberationSans-Regular.ttf");
/// Liberation Sans Bold.
pub const BOLD: &[u8] = include_bytes!("../vega/LiberationSans-Bold.ttf");
