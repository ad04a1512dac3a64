//! Arrays of NumPy and quantities with units, as their packages pickle them.

use std::collections::HashMap;

use pickle::{Kept, Writer};

use super::Layout;

/// A unit of the package `quantities` 0.16, with what defines it.
struct Unit {
    class: &'static str,
    name: &'static str,
    /// The factor and the units whose product with it this is; a base unit has none.
    definition: Option<(f64, &'static [(&'static str, i64)])>,
    symbol: &'static str,
    u_symbol: Option<&'static str>,
    aliases: &'static [&'static str],
    /// Where it stands when units are printed.
    order: (i64, i64),
}

const fn base(
    class: &'static str,
    name: &'static str,
    symbol: &'static str,
    aliases: &'static [&'static str],
    order: (i64, i64),
) -> Unit {
    Unit { class, name, definition: None, symbol, u_symbol: None, aliases, order }
}

const fn derived(
    name: &'static str,
    definition: (f64, &'static [(&'static str, i64)]),
    symbol: &'static str,
    aliases: &'static [&'static str],
    order: i64,
) -> Unit {
    let (definition, order) = (Some(definition), (90, order));
    Unit { class: "UnitQuantity", name, definition, symbol, u_symbol: None, aliases, order }
}

const UNITS: [Unit; 13] = [
    base("UnitTime", "second", "s", &["sec", "seconds"], (3, 0)),
    Unit {
        class: "UnitTime",
        name: "millisecond",
        definition: Some((0.001, &[("s", 1)])),
        symbol: "ms",
        u_symbol: None,
        aliases: &["milliseconds"],
        order: (3, 3),
    },
    derived("hertz", (1.0, &[("s", -1)]), "Hz", &[], 147),
    base("UnitCurrent", "ampere", "A", &["amp", "amps", "amperes"], (4, 98)),
    base("UnitMass", "kilogram", "kg", &["kilograms"], (1, 64)),
    base("UnitLength", "meter", "m", &["meters", "metre", "metres"], (2, 2)),
    derived("newton", (1.0, &[("kg", 1), ("m", 1), ("s", -2)]), "N", &["newtons"], 67),
    derived("joule", (1.0, &[("N", 1), ("m", 1)]), "J", &["joules"], 78),
    derived("coulomb", (1.0, &[("A", 1), ("s", 1)]), "C", &[], 101),
    derived("volt", (1.0, &[("J", 1), ("C", -1)]), "V", &["volts"], 104),
    derived("siemens", (1.0, &[("A", 1), ("V", -1)]), "S", &[], 117),
    derived("millisiemens", (0.001, &[("S", 1)]), "mS", &[], 118),
    Unit {
        class: "UnitQuantity",
        name: "microsiemens",
        definition: Some((0.001, &[("mS", 1)])),
        symbol: "uS",
        u_symbol: Some("μS"),
        aliases: &[],
        order: (90, 119),
    },
];

/// Numbers in the order in which they lie in memory.
#[derive(Clone, Copy)]
pub(super) enum Numbers<'a> {
    Float(&'a [f64]),
    Integer(&'a [i64]),
}

impl Numbers<'_> {
    fn dtype(self) -> &'static str {
        match self {
            Self::Float(_) => "f8",
            Self::Integer(_) => "i8",
        }
    }

    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Float(numbers) => {
                numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
            }
            Self::Integer(numbers) => {
                numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
            }
        }
    }
}

/// The length of each dimension, and whether columns lie one after another.
#[derive(Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) lengths: &'a [usize],
    pub(super) is_fortran: bool,
}

/// What one pickle has of types and units already: they occur in it once.
pub(super) struct Quantities {
    multiarray: &'static str,
    dtypes: HashMap<&'static str, Kept>,
    units: HashMap<&'static str, Kept>,
}

impl Quantities {
    pub(super) fn new(layout: Layout) -> Self {
        let multiarray = match layout {
            Layout::Neo12 => "numpy.core.multiarray",
            Layout::Neo14 => "numpy._core.multiarray",
        };
        Self { multiarray, dtypes: HashMap::new(), units: HashMap::new() }
    }

    /// The unit of this symbol, if it can be written.
    pub(super) fn known_unit(symbol: &str) -> Option<&'static str> {
        UNITS.iter().map(|unit| unit.symbol).find(|known| *known == symbol)
    }

    pub(super) fn dtype(&mut self, to: &mut Writer, code: &'static str) {
        if let Some(&kept) = self.dtypes.get(code) {
            to.again(kept);
            return;
        }
        to.call("numpy", "dtype", |arguments| {
            arguments.text(code).boolean(false).boolean(true);
        });
        to.set_state(|state| {
            state.tuple(|state| {
                state.integer(3).text("<").none().none().none();
                state.integer(-1).integer(-1).integer(0);
            });
        });
        self.dtypes.insert(code, to.keep());
    }

    /// An `ndarray` of one dimension.
    pub(super) fn vector(&mut self, to: &mut Writer, numbers: Numbers<'_>) {
        let length = match numbers {
            Numbers::Float(numbers) => numbers.len(),
            Numbers::Integer(numbers) => numbers.len(),
        };
        self.array(to, Shape { lengths: &[length], is_fortran: false }, numbers);
    }

    /// An `ndarray`.
    pub(super) fn array(&mut self, to: &mut Writer, shape: Shape<'_>, numbers: Numbers<'_>) {
        to.call(self.multiarray, "_reconstruct", |arguments| {
            arguments.global("numpy", "ndarray").tuple(|empty| {
                empty.integer(0);
            });
            arguments.bytes(b"b");
        });
        to.set_state(|state| {
            state.tuple(|state| self.array_state(state, shape, numbers));
        });
    }

    fn array_state(&mut self, state: &mut Writer, shape: Shape<'_>, numbers: Numbers<'_>) {
        state.integer(1).tuple(|lengths| {
            for &length in shape.lengths {
                lengths.integer(length as i64);
            }
        });
        self.dtype(state, numbers.dtype());
        state.boolean(shape.is_fortran).bytes(&numbers.bytes());
    }

    /// A `Quantity` of one number, whose unit is this one to this power.
    pub(super) fn quantity(
        &mut self,
        to: &mut Writer,
        number: f64,
        symbol: &'static str,
        power: i64,
    ) {
        self.product(to, number, &[(symbol, power)]);
    }

    fn product(&mut self, to: &mut Writer, number: f64, units: &[(&'static str, i64)]) {
        to.call("quantities.quantity", "_reconstruct_quantity", |arguments| {
            arguments.global("quantities.quantity", "Quantity").global("numpy", "ndarray");
            arguments.tuple(|empty| {
                empty.integer(0);
            });
            arguments.text("b");
        });
        to.set_state(|state| {
            state.tuple(|state| {
                let scalar = Shape { lengths: &[], is_fortran: false };
                self.array_state(state, scalar, Numbers::Float(&[number]));
                state.new_object("quantities.dimensionality", "Dimensionality");
                state.entries(|entries| {
                    for &(symbol, power) in units {
                        self.unit(entries, symbol);
                        entries.integer(power);
                    }
                });
            });
        });
    }

    fn unit(&mut self, to: &mut Writer, symbol: &'static str) {
        if let Some(&kept) = self.units.get(symbol) {
            to.again(kept);
            return;
        }
        let Some(unit) = UNITS.iter().find(|unit| unit.symbol == symbol) else {
            unreachable!("{symbol} is not among the units, which was asked before");
        };
        to.call("quantities.unitquantity", unit.class, |arguments| {
            arguments.text(unit.name);
            match unit.definition {
                Some((factor, units)) => self.product(arguments, factor, units),
                None => {
                    arguments.none();
                }
            }
            arguments.text(unit.symbol);
            match unit.u_symbol {
                Some(symbol) => arguments.text(symbol),
                None => arguments.none(),
            };
            arguments.list(|aliases| {
                for alias in unit.aliases {
                    aliases.text(alias);
                }
            });
            arguments.none();
        });
        to.set_state(|state| {
            state.tuple(|state| {
                state.integer(1).tuple(|order| {
                    order.integer(unit.order.0).integer(unit.order.1);
                });
            });
        });
        self.units.insert(symbol, to.keep());
    }
}
