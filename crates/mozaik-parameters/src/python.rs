//! The part of Python's expression syntax that parameter files use. Parameter files are parsed here
//! only: everything else sees [`Expression`], and none of the parser's types.

use std::ops::Range;
use std::sync::Arc;

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{self as ast, Expr, Number as Literal};
use ruff_python_parser::lexer::lex;
use ruff_python_parser::{Mode, parse_expression};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::error::{Error, Problem};
use crate::number::Operator;
use crate::source::{Origin, SourceFile};

/// How deep brackets and operators may lie inside each other. Python itself allows 200 brackets.
pub(crate) const DEPTH_LIMIT: usize = 200;

/// An expression and where it stands (without the brackets that only group).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression {
    pub span: Range<usize>,
    pub kind: ExpressionKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ExpressionKind {
    None,
    Boolean(bool),
    /// A literal: never negative.
    Integer(u64),
    Float(f64),
    Text(String),
    Name(String),
    List(Vec<Expression>),
    Tuple(Vec<Expression>),
    Dict(Vec<Item>),
    Positive(Box<Expression>),
    Negative(Box<Expression>),
    Binary(Box<Expression>, Operator, Box<Expression>),
    Or(Vec<Expression>),
    And(Vec<Expression>),
    Not(Box<Expression>),
    Call {
        function: String,
        /// Arguments in order, with their names if they have one.
        arguments: Vec<(Option<String>, Expression)>,
    },
}

/// One `key: value` of a dict display.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub key: Expression,
    pub value: Expression,
    /// Key to value with all brackets around them, and the comma if there is one.
    pub span: Range<usize>,
    /// Where the comma stands.
    pub comma: Option<usize>,
}

/// Parses a file as Python's `eval` does: one expression, leading blanks ignored.
pub(crate) fn parse(file: &Arc<SourceFile>) -> Result<Expression, Error> {
    let whole = || Origin { file: Arc::clone(file), span: 0..file.text.len() };
    // The parser lets pass what Python refuses: a byte order mark, and NUL even in comments.
    let refused = |&(at, character): &(usize, char)| {
        character == '\0' || (at == 0 && character == '\u{feff}')
    };
    if let Some((at, character)) = file.text.char_indices().find(refused) {
        let span = at..at + character.len_utf8();
        return Err(Problem::Character { character }.at(Origin { span, ..whole() }));
    }
    let blanks = file.text.len() - file.text.trim_start_matches([' ', '\t']).len();
    let text = &file.text[blanks..];
    // The parser would survive deeper nesting, but freeing its tree would overflow the stack.
    if !is_shallow(text, Mode::Expression) {
        return Err(Problem::TooDeep { limit: DEPTH_LIMIT }.at(whole()));
    }
    let parsed = parse_expression(text).map_err(|error| {
        let span = shifted(error.location, blanks);
        Problem::Syntax { message: error.error.to_string() }.at(Origin { span, ..whole() })
    })?;
    Reader { file, blanks, tokens: parsed.tokens() }.expression(parsed.expr())
}

/// Whether `text` is one expression that can stand between other items: no comment that would
/// swallow what follows, no line end outside of brackets, no tuple without its own brackets.
pub(crate) fn stands_alone(text: &str) -> bool {
    is_shallow(text, Mode::Expression)
        && parse_expression(text).is_ok_and(|parsed| {
            let comment = parsed.tokens().iter().any(|token| token.kind() == TokenKind::Comment);
            let open = matches!(parsed.expr(), Expr::Tuple(tuple) if !tuple.parenthesized);
            !comment && !open
        })
}

/// Bounds the depth of the tree that the parser would build. Within one item of a bracket every
/// operator may add a level, and so may every bracket that is closed (`f()()`). A statement of a
/// script begins anew, as deep as it is indented.
pub(crate) fn is_shallow(text: &str, mode: Mode) -> bool {
    let mut lexer = lex(text, mode);
    let mut levels = vec![0];
    let (mut depth, mut keywords, mut indents) = (0, 0, 0_usize);
    while depth + keywords <= DEPTH_LIMIT {
        use TokenKind::{
            And, Comma, Comment, Complex, Dedent, EndOfFile, FStringEnd, FStringStart, False,
            Float, Indent, Int, Lbrace, Lpar, Lsqb, Name, Newline, NonLogicalNewline, None, Not,
            Or, Rbrace, Rpar, Rsqb, String, TStringEnd, TStringStart, True,
        };
        match lexer.next_token() {
            EndOfFile => return true,
            Lpar | Lsqb | Lbrace | FStringStart | TStringStart => {
                levels.push(1);
                depth += 1;
            }
            Rpar | Rsqb | Rbrace | FStringEnd | TStringEnd => {
                if levels.len() > 1 {
                    depth -= levels.pop().unwrap_or(0);
                }
                levels.last_mut().into_iter().for_each(|level| *level += 1);
                depth += 1;
            }
            Comma => {
                let inside = usize::from(levels.len() > 1);
                if let Some(level) = levels.last_mut() {
                    depth -= *level - inside;
                    *level = inside;
                }
            }
            kind @ (Newline | Indent | Dedent) if mode == Mode::Module => {
                match kind {
                    Indent => indents += 1,
                    Dedent => indents = indents.saturating_sub(1),
                    _ => {}
                }
                (levels, depth, keywords) = (vec![indents], indents, 0);
            }
            Name | Int | Float | Complex | String | Comment | Newline | NonLogicalNewline
            | True | False | None => {}
            // `lambda a, b:` goes on after its comma. Of such keywords the language has none.
            kind if kind.is_keyword() && (keywords > 0 || !matches!(kind, And | Not | Or)) => {
                keywords += 1;
            }
            _ => {
                levels.last_mut().into_iter().for_each(|level| *level += 1);
                depth += 1;
            }
        }
    }
    false
}

/// Turns the parser's tree into ours.
struct Reader<'a> {
    file: &'a Arc<SourceFile>,
    /// Leading blanks that the parser has not seen.
    blanks: usize,
    tokens: &'a Tokens,
}

impl Reader<'_> {
    fn expression(&self, expr: &Expr) -> Result<Expression, Error> {
        use ExpressionKind as Kind;
        let kind = match expr {
            Expr::NoneLiteral(_) => Kind::None,
            Expr::BooleanLiteral(literal) => Kind::Boolean(literal.value),
            Expr::NumberLiteral(literal) => match &literal.value {
                Literal::Int(int) => match int.as_u64() {
                    Some(value) => Kind::Integer(value),
                    None => return Err(Problem::IntegerTooLarge.at(self.origin(expr))),
                },
                Literal::Float(value) => Kind::Float(*value),
                Literal::Complex { .. } => return Err(self.unsupported(expr, "a complex number")),
            },
            Expr::StringLiteral(literal) => {
                let text = literal.value.to_str();
                if text.contains('\u{fffd}')
                    && self.file.text[self.span(expr.range())].contains('\\')
                {
                    return Err(self.unsupported(expr, "half of a surrogate pair"));
                }
                Kind::Text(text.to_owned())
            }
            Expr::Name(name) => Kind::Name(name.id.to_string()),
            Expr::List(list) => Kind::List(self.all(&list.elts)?),
            Expr::Tuple(tuple) => Kind::Tuple(self.all(&tuple.elts)?),
            Expr::Dict(dict) => Kind::Dict(self.items(dict)?),
            Expr::UnaryOp(unary) => match unary.op {
                ast::UnaryOp::UAdd => Kind::Positive(Box::new(self.expression(&unary.operand)?)),
                ast::UnaryOp::USub => Kind::Negative(Box::new(self.expression(&unary.operand)?)),
                ast::UnaryOp::Not => Kind::Not(Box::new(self.expression(&unary.operand)?)),
                ast::UnaryOp::Invert => return Err(self.unsupported(expr, "this operator")),
            },
            Expr::BinOp(binary) => {
                let operator = match binary.op {
                    ast::Operator::Add => Operator::Add,
                    ast::Operator::Sub => Operator::Subtract,
                    ast::Operator::Mult => Operator::Multiply,
                    ast::Operator::Div => Operator::Divide,
                    ast::Operator::Pow => Operator::Power,
                    other => {
                        return Err(
                            self.unsupported(expr, &format!("the operator {}", other.as_str()))
                        );
                    }
                };
                let left = Box::new(self.expression(&binary.left)?);
                Kind::Binary(left, operator, Box::new(self.expression(&binary.right)?))
            }
            Expr::BoolOp(logical) => {
                let operands = self.all(&logical.values)?;
                match logical.op {
                    ast::BoolOp::Or => Kind::Or(operands),
                    ast::BoolOp::And => Kind::And(operands),
                }
            }
            Expr::Call(call) => self.call(expr, call)?,
            Expr::FString(_) | Expr::TString(_) => {
                return Err(self.unsupported(expr, "a formatted string"));
            }
            Expr::BytesLiteral(_) => return Err(self.unsupported(expr, "a bytes literal")),
            Expr::Set(_) => return Err(self.unsupported(expr, "a set")),
            Expr::Starred(_) => return Err(self.unsupported(expr, "unpacking")),
            _ => return Err(self.unsupported(expr, "this kind of expression")),
        };
        Ok(Expression { span: self.span(expr.range()), kind })
    }

    fn all(&self, elements: &[Expr]) -> Result<Vec<Expression>, Error> {
        elements.iter().map(|element| self.expression(element)).collect()
    }

    fn items(&self, dict: &ast::ExprDict) -> Result<Vec<Item>, Error> {
        let mut start = dict.range.start() + TextSize::from(1);
        let mut items = Vec::with_capacity(dict.items.len());
        for item in &dict.items {
            let Some(key) = &item.key else {
                return Err(self.unsupported(&item.value, "unpacking"));
            };
            let is_text = |kind: TokenKind| kind != TokenKind::Comment && !kind.is_any_newline();
            let first = self.tokens.after(start).iter().find(|token| is_text(token.kind()));
            let mut end = item.value.range().end();
            let mut comma = None;
            for token in self.tokens.after(end) {
                match token.kind() {
                    TokenKind::Comma => {
                        comma = Some(self.span(token.range()).start);
                        end = token.range().end();
                        break;
                    }
                    TokenKind::Rpar => end = token.range().end(),
                    kind if is_text(kind) => break,
                    _ => {}
                }
            }
            let range = TextRange::new(first.map_or(key.range().start(), Ranged::start), end);
            let (key, value) = (self.expression(key)?, self.expression(&item.value)?);
            items.push(Item { key, value, span: self.span(range), comma });
            start = end;
        }
        Ok(items)
    }

    fn call(&self, expr: &Expr, call: &ast::ExprCall) -> Result<ExpressionKind, Error> {
        let Expr::Name(function) = &*call.func else {
            return Err(self.unsupported(expr, "a call of anything but a plain name"));
        };
        let mut arguments = Vec::new();
        for argument in &call.arguments.args {
            arguments.push((None, self.expression(argument)?));
        }
        for keyword in &call.arguments.keywords {
            let Some(name) = &keyword.arg else {
                return Err(self.unsupported(&keyword.value, "unpacking"));
            };
            arguments.push((Some(name.to_string()), self.expression(&keyword.value)?));
        }
        Ok(ExpressionKind::Call { function: function.id.to_string(), arguments })
    }

    fn span(&self, range: TextRange) -> Range<usize> {
        shifted(range, self.blanks)
    }

    fn origin(&self, expr: &Expr) -> Origin {
        Origin { file: Arc::clone(self.file), span: self.span(expr.range()) }
    }

    fn unsupported(&self, expr: &Expr, what: &str) -> Error {
        Problem::Unsupported { what: what.to_owned() }.at(self.origin(expr))
    }
}

fn shifted(range: TextRange, by: usize) -> Range<usize> {
    range.start().to_usize() + by..range.end().to_usize() + by
}
