//! An interpreter for pickles that builds data and calls nothing.
//!
//! The instructions are those of Python's `pickletools`, protocols 0 to 5.

use std::collections::HashMap;

use super::error::Fault;
use super::heap::{Heap, Value};
use super::rebuild;

/// A pickle of a hundred thousand tensors takes fewer instructions.
const MAX_OPS: usize = 10_000_000;

/// What the reader does where a pickle asks for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calls {
    /// It builds the result of calls that rebuild tensors and plain data, and refuses all others.
    Rebuild,
    /// It keeps every call as a list of what is called and of the arguments.
    Describe,
}

/// Reads the pickle that begins at `start`. Returns its value and the place of its end.
pub(super) fn load(input: &[u8], start: usize, heap: &mut Heap, calls: Calls) -> Result<(Value, usize), Fault> {
    let (stack, marks, memo) = (Vec::new(), Vec::new(), HashMap::new());
    let mut machine = Machine { input, pos: start, stack, marks, memo, heap, calls };
    for _ in 0..MAX_OPS {
        if let Some(value) = machine.step()? {
            return Ok((value, machine.pos));
        }
    }
    Err(machine.bad(format!("at most {MAX_OPS} instructions"), "more"))
}

struct Machine<'a> {
    input: &'a [u8],
    pos: usize,
    stack: Vec<Value>,
    /// Heights of the stack at the marks.
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
    heap: &'a mut Heap,
    calls: Calls,
}

impl<'a> Machine<'a> {
    /// One instruction; the pickle's value at its end.
    fn step(&mut self) -> Result<Option<Value>, Fault> {
        let op = self.take(1)?[0];
        match op {
            // Framing.
            0x80 => match self.take(1)?[0] {
                0..=5 => {}
                v => return Err(self.bad("pickle protocol 0 to 5", format!("protocol {v}"))),
            },
            0x95 => drop(self.take(8)?),
            b'.' => return self.pop().map(Some),

            // Plain values.
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'I' => {
                let value = match self.line()? {
                    "00" => Value::Bool(false),
                    "01" => Value::Bool(true),
                    text => self.parse(text.trim().parse().ok().map(Value::Int), "an int", text)?,
                };
                self.push(value);
            }
            b'L' => {
                let text = self.line()?.trim().trim_end_matches('L');
                let value = text.parse().map_or(Value::Opaque, Value::Int);
                self.push(value);
            }
            b'F' => {
                let text = self.line()?;
                let value = self.parse(text.trim().parse().ok().map(Value::Float), "a float", text)?;
                self.push(value);
            }
            b'J' => {
                let v = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(v.into()));
            }
            b'K' => {
                let v = self.take(1)?[0];
                self.push(Value::Int(v.into()));
            }
            b'M' => {
                let v = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(v.into()));
            }
            0x8a => {
                let n = self.length(1)?;
                self.long(n)?;
            }
            0x8b => {
                let n = self.length(4)?;
                self.long(n)?;
            }
            b'G' => {
                let v = f64::from_be_bytes(self.array()?);
                self.push(Value::Float(v));
            }

            // Strings and bytes. Python 2 wrote its strings as bytes.
            b'S' => {
                let text = self.line()?.trim();
                let quoted = text.len() >= 2 && matches!(text.as_bytes()[0], b'\'' | b'"');
                let text = if quoted { &text[1..text.len() - 1] } else { text };
                self.push(Value::Str(text.into()));
            }
            b'V' => {
                let text = self.line()?;
                self.push(Value::Str(text.into()));
            }
            b'U' => self.native_string(1)?,
            b'T' => self.native_string(4)?,
            0x8c => self.unicode(1)?,
            b'X' => self.unicode(4)?,
            0x8d => self.unicode(8)?,
            b'C' => self.bytes(1)?,
            b'B' => self.bytes(4)?,
            0x8e | 0x96 => self.bytes(8)?,

            // Containers.
            b'(' => self.marks.push(self.stack.len()),
            b')' | b']' | 0x8f => {
                let value = self.heap.seq(Vec::new());
                self.push(value);
            }
            b'}' => {
                let value = self.heap.dict(Vec::new());
                self.push(value);
            }
            b't' | b'l' | 0x91 => {
                let items = self.since_mark()?;
                let value = self.heap.seq(items);
                self.push(value);
            }
            b'd' => {
                let pairs = self.pairs()?;
                let value = self.heap.dict(pairs);
                self.push(value);
            }
            0x85..=0x87 => {
                let n = usize::from(op - 0x84);
                let from = self.stack.len().checked_sub(n).ok_or_else(|| self.bad("items of a tuple", "too few"))?;
                let items = self.stack.split_off(from);
                let value = self.heap.seq(items);
                self.push(value);
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.since_mark()?;
                self.append(items)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(vec![(key, value)])?;
            }
            b'u' => {
                let pairs = self.pairs()?;
                self.set_items(pairs)?;
            }

            // Stack and memo.
            b'0' => {
                // As in Python, POP removes a mark as well.
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.pop()?;
                }
            }
            b'1' => drop(self.since_mark()?),
            b'2' => {
                let top = self.top()?.clone();
                self.push(top);
            }
            b'p' | b'g' => {
                let text = self.line()?;
                let index = self.parse(text.trim().parse().ok(), "a memo index", text)?;
                if op == b'p' { self.put(index)? } else { self.get(index)? }
            }
            b'q' => {
                let index = self.take(1)?[0];
                self.put(index.into())?;
            }
            b'r' => {
                let index = u32::from_le_bytes(self.array()?);
                self.put(index.into())?;
            }
            0x94 => self.put(self.memo.len() as u64)?,
            b'h' => {
                let index = self.take(1)?[0];
                self.get(index.into())?;
            }
            b'j' => {
                let index = u32::from_le_bytes(self.array()?);
                self.get(index.into())?;
            }

            // Names and calls.
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Global(module.into(), name.into()));
            }
            0x93 => match (self.pop()?, self.pop()?) {
                (Value::Str(name), Value::Str(module)) => self.push(Value::Global(module, name)),
                (name, _) => return Err(self.bad("a module and a name", name.kind())),
            },
            b'R' | 0x81 => {
                let args = self.pop()?;
                let callee = self.pop()?;
                self.call(&callee, args)?;
            }
            0x92 => {
                self.pop()?;
                let args = self.pop()?;
                let callee = self.pop()?;
                self.call(&callee, args)?;
            }
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                let callee = Value::Global(module.into(), name.into());
                let items = self.since_mark()?;
                let args = self.heap.seq(items);
                self.call(&callee, args)?;
            }
            b'o' => {
                let mut items = self.since_mark()?;
                if items.is_empty() {
                    return Err(self.bad("a class", "nothing"));
                }
                let callee = items.remove(0);
                let args = self.heap.seq(items);
                self.call(&callee, args)?;
            }
            b'b' => {
                // An object's attributes, such as the `_metadata` of an OrderedDict. The reader ignores them.
                let state = self.pop()?;
                match self.top()? {
                    Value::Seq(id) if self.calls == Calls::Describe => {
                        let id = *id;
                        self.heap.seqs[id].push(state);
                    }
                    Value::Global(module, name) => {
                        return Err(Fault::Call(format!("{module}.{name}.__setstate__")));
                    }
                    _ => {}
                }
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = match self.calls {
                    Calls::Rebuild => rebuild::storage(self.heap, &id).map_err(|f| self.here(f))?,
                    Calls::Describe => id,
                };
                self.push(storage);
            }
            _ => return Err(self.bad("a pickle instruction", format!("byte 0x{op:02x}"))),
        }
        Ok(None)
    }

    fn call(&mut self, callee: &Value, args: Value) -> Result<(), Fault> {
        let value = match self.calls {
            Calls::Rebuild => rebuild::call(self.heap, callee, &args).map_err(|f| self.here(f))?,
            Calls::Describe => self.heap.seq(vec![callee.clone(), args]),
        };
        self.push(value);
        Ok(())
    }

    fn append(&mut self, items: Vec<Value>) -> Result<(), Fault> {
        match self.top()? {
            Value::Seq(id) => {
                let id = *id;
                self.heap.seqs[id].extend(items);
                Ok(())
            }
            Value::Opaque => Ok(()),
            other => Err(self.bad("a list to append to", other.kind())),
        }
    }

    fn set_items(&mut self, pairs: Vec<(Value, Value)>) -> Result<(), Fault> {
        match self.top()? {
            Value::Dict(id) => {
                let id = *id;
                self.heap.dicts[id].extend(pairs);
                Ok(())
            }
            Value::Seq(id) if self.calls == Calls::Describe => {
                let id = *id;
                self.heap.seqs[id].extend(pairs.into_iter().flat_map(|(key, value)| [key, value]));
                Ok(())
            }
            Value::Opaque => Ok(()),
            other => Err(self.bad("a dict to set items of", other.kind())),
        }
    }

    fn pairs(&mut self) -> Result<Vec<(Value, Value)>, Fault> {
        let mut items = self.since_mark()?.into_iter();
        if items.len() % 2 != 0 {
            return Err(self.bad("pairs of key and value", "an odd number of items"));
        }
        Ok(std::iter::from_fn(|| Some((items.next()?, items.next()?))).collect())
    }

    fn since_mark(&mut self) -> Result<Vec<Value>, Fault> {
        match self.marks.pop() {
            Some(height) if height <= self.stack.len() => Ok(self.stack.split_off(height)),
            _ => Err(self.bad("a mark on the stack", "none")),
        }
    }

    fn put(&mut self, index: u64) -> Result<(), Fault> {
        let top = self.top()?.clone();
        self.memo.insert(index, top);
        Ok(())
    }

    fn get(&mut self, index: u64) -> Result<(), Fault> {
        let value = self.memo.get(&index).cloned();
        let value = value.ok_or_else(|| self.bad(format!("memo {index}"), "nothing stored there"))?;
        self.push(value);
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn pop(&mut self) -> Result<Value, Fault> {
        self.stack.pop().ok_or_else(|| self.bad("a value on the stack", "an empty stack"))
    }

    fn top(&self) -> Result<&Value, Fault> {
        self.stack.last().ok_or_else(|| self.bad("a value on the stack", "an empty stack"))
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], Fault> {
        let input = self.input;
        let end = self.pos.checked_add(n).filter(|&end| end <= input.len());
        let end = end.ok_or_else(|| self.bad(format!("{n} more bytes"), "the end of the data: truncated?"))?;
        let taken = &input[self.pos..end];
        self.pos = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// A little-endian length of `width` bytes.
    fn length(&mut self, width: usize) -> Result<usize, Fault> {
        let value = self.take(width)?.iter().rev().fold(0_u64, |v, &b| (v << 8) | u64::from(b));
        usize::try_from(value).map_err(|_| self.bad("a length", value.to_string()))
    }

    fn line(&mut self) -> Result<&'a str, Fault> {
        let rest = &self.input[self.pos..];
        let end = rest.iter().position(|&b| b == b'\n').ok_or_else(|| self.bad("a line", "no end of line"))?;
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| self.bad("a line of text", "bytes"))?;
        self.pos += end + 1;
        Ok(line.trim_end_matches('\r'))
    }

    fn long(&mut self, n: usize) -> Result<(), Fault> {
        let bytes = self.take(n)?;
        let value = if n > 16 {
            Value::Opaque
        } else {
            let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
            let mut wide = [if negative { 0xff } else { 0 }; 16];
            wide[..n].copy_from_slice(bytes);
            Value::Int(i128::from_le_bytes(wide))
        };
        self.push(value);
        Ok(())
    }

    fn unicode(&mut self, width: usize) -> Result<(), Fault> {
        let n = self.length(width)?;
        let bytes = self.take(n)?;
        let text = std::str::from_utf8(bytes).map_err(|_| self.bad("text in UTF-8", "other bytes"))?;
        self.push(Value::Str(text.into()));
        Ok(())
    }

    fn native_string(&mut self, width: usize) -> Result<(), Fault> {
        let n = self.length(width)?;
        let bytes = self.take(n)?;
        self.push(match std::str::from_utf8(bytes) {
            Ok(text) => Value::Str(text.into()),
            Err(_) => Value::Bytes(bytes.into()),
        });
        Ok(())
    }

    fn bytes(&mut self, width: usize) -> Result<(), Fault> {
        let n = self.length(width)?;
        let bytes = self.take(n)?;
        self.push(Value::Bytes(bytes.into()));
        Ok(())
    }

    fn parse<T>(&self, value: Option<T>, expected: &str, found: &str) -> Result<T, Fault> {
        value.ok_or_else(|| self.bad(expected, format!("{found:?}")))
    }

    fn bad(&self, expected: impl Into<String>, found: impl Into<String>) -> Fault {
        self.here(Fault::bad("", expected, found))
    }

    /// Adds the place to a fault that has none.
    fn here(&self, fault: Fault) -> Fault {
        match fault {
            Fault::Bad { at, expected, found } if at.is_empty() => {
                Fault::Bad { at: format!("pickle, byte {}", self.pos), expected, found }
            }
            other => other,
        }
    }
}
