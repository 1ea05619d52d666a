//! Bounds how deep TorchScript's code nests before libtorch parses it, which it does recursively.

/// Levels of brackets, of blocks, and of operators in one statement. libtorch's parser overflows the stack of 8 MiB at
/// about five times as many levels, and the code of a network has a few dozen.
const MAX_LEVELS: usize = 1000;

/// Checks the text of one file. The error says what nests too deep.
pub(super) fn check(code: &str) -> Result<(), String> {
    let too_deep = |what: &str, line: usize| Err(format!("line {}: more than {MAX_LEVELS} {what}", line + 1));
    let (mut brackets, mut operators, mut branches) = (0_usize, 0_usize, 0_usize);
    for (number, line) in code.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if indent / 2 > MAX_LEVELS {
            return too_deep("levels of blocks", number);
        }
        if brackets == 0 {
            operators = 0;
        }
        if line.trim_start().starts_with("elif") {
            branches += 1;
            if branches > MAX_LEVELS {
                return too_deep("branches `elif`", number);
            }
        }
        let mut quote = None;
        let mut characters = line.chars();
        let mut word = String::new();
        while let Some(c) = characters.next() {
            if let Some(open) = quote {
                match c {
                    '\\' => drop(characters.next()),
                    c if c == open => quote = None,
                    _ => {}
                }
                continue;
            }
            if c.is_alphanumeric() || c == '_' {
                word.push(c);
                continue;
            }
            operators += usize::from(is_operator(&word));
            word.clear();
            match c {
                '"' | '\'' => quote = Some(c),
                '#' => break,
                '(' | '[' | '{' => brackets += 1,
                ')' | ']' | '}' => brackets = brackets.saturating_sub(1),
                '.' | '+' | '-' | '*' | '/' | '%' | '@' | '&' | '|' | '^' | '~' | '<' | '>' => operators += 1,
                _ => {}
            }
            if brackets > MAX_LEVELS {
                return too_deep("levels of brackets", number);
            }
        }
        operators += usize::from(is_operator(&word));
        // Numbers such as 0.5 count as well: a statement of a network has far fewer.
        if operators > MAX_LEVELS * 4 {
            return Err(format!("line {}: more than {} operators in one statement", number + 1, MAX_LEVELS * 4));
        }
    }
    Ok(())
}

fn is_operator(word: &str) -> bool {
    matches!(word, "not" | "and" | "or" | "if" | "else" | "in" | "is" | "lambda" | "await")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_a_network_passes() {
        let code = "class Net(Module):\n  def forward(self: __torch__.Net,\n    x: Tensor) -> Tensor:\n    \
                    y = torch.add(x, CONSTANTS.c0, alpha=1)  # ((((\n    s = \"[[[[ \\\" not\"\n    return y\n";
        assert_eq!(check(code), Ok(()));
        // Many statements do not add up.
        assert_eq!(check(&"    y = -x\n".repeat(100_000)), Ok(()));
    }

    #[test]
    fn code_that_nests_too_deep_is_refused() {
        let refused = |code: String| check(&code).unwrap_err();
        assert!(refused(format!("y = {}1{}", "(".repeat(5000), ")".repeat(5000))).contains("levels of brackets"));
        assert!(refused(format!("def f(x: {}int{}):", "List[".repeat(5000), "]".repeat(5000))).contains("brackets"));
        assert!(refused(format!("y = {}1", "- ".repeat(5000))).contains("operators in one statement"));
        assert!(refused(format!("y = {}x", "not ".repeat(5000))).contains("operators in one statement"));
        assert!(refused(format!("y = x{}", ".a".repeat(5000))).contains("operators in one statement"));
        assert!(refused(format!("y = (1{})", " +\n1".repeat(5000))).contains("operators in one statement"));
        assert!(refused(format!("{}pass", " ".repeat(5000))).contains("levels of blocks"));
        assert!(refused("if a:\n  pass\n".to_owned() + &"elif b:\n  pass\n".repeat(5000)).contains("elif"));
    }
}
