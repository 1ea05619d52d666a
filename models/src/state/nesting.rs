//! How deep the values of a pickle nest, for readers that recurse.

use super::heap::{Heap, Value};
use super::pickle::{self, Calls};

/// Checks that the values of a pickle, including those that it drops again, nest at most `limit` levels and that none
/// contains itself. No call is made. The error says what was found.
///
/// libtorch frees the values of a TorchScript archive recursively, so that a file can make it overflow the stack.
pub fn check_nesting(pickle: &[u8], limit: usize) -> Result<(), String> {
    let mut heap = Heap::default();
    pickle::load(pickle, 0, &mut heap, Calls::Describe).map_err(|fault| fault.to_string())?;
    let containers: Vec<Vec<usize>> = (0..heap.seqs.len() + heap.dicts.len()).map(|id| children(&heap, id)).collect();
    // Depth-first with a stack of its own: a container, and how many of its children were visited.
    let mut depth: Vec<Option<usize>> = vec![None; containers.len()];
    let mut open = vec![false; containers.len()];
    for root in 0..containers.len() {
        if depth[root].is_some() {
            continue;
        }
        let mut path = vec![(root, 0)];
        open[root] = true;
        while let Some((id, visited)) = path.last_mut() {
            let id = *id;
            if let Some(&child) = containers[id].get(*visited) {
                *visited += 1;
                if open[child] {
                    return Err("a value that contains itself".to_owned());
                }
                if depth[child].is_none() {
                    open[child] = true;
                    path.push((child, 0));
                }
                continue;
            }
            let below = containers[id].iter().filter_map(|&child| depth[child]).max().unwrap_or(0);
            if below + 1 > limit {
                return Err(format!("values that nest more than {limit} levels"));
            }
            depth[id] = Some(below + 1);
            open[id] = false;
            path.pop();
        }
    }
    Ok(())
}

/// The containers that a container holds. Lists come first in the numbering, then dicts.
fn children(heap: &Heap, id: usize) -> Vec<usize> {
    let dicts = heap.seqs.len();
    let container = |value: &Value| match value {
        Value::Seq(id) => Some(*id),
        Value::Dict(id) => Some(dicts + *id),
        _ => None,
    };
    match id.checked_sub(dicts) {
        None => heap.seqs[id].iter().filter_map(container).collect(),
        Some(dict) => heap.dicts[dict].iter().flat_map(|(k, v)| [k, v]).filter_map(container).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_up_to_the_limit_pass() {
        // [[[]]] and a call with a dict: three levels each.
        assert_eq!(check_nesting(b"\x80\x02]]]aa.", 3), Ok(()));
        assert_eq!(check_nesting(b"\x80\x02cteam\nNet\n)\x81}X\x01\0\0\0aK\x01sb.", 3), Ok(()));
        assert!(check_nesting(b"\x80\x02]]]]aaa.", 3).unwrap_err().contains("more than 3 levels"));
    }

    #[test]
    fn deep_values_and_rings_are_refused_without_recursion() {
        let deep = [&b"\x80\x02"[..], &b"(".repeat(1_000_000), &b"t".repeat(1_000_000), b"0N."].concat();
        assert!(check_nesting(&deep, 1000).unwrap_err().contains("more than 1000 levels"));
        // A list that is appended to itself, and two lists that hold each other.
        assert!(check_nesting(b"\x80\x02]q\0h\0a.", 9).unwrap_err().contains("contains itself"));
        assert!(check_nesting(b"\x80\x02]q\0]q\x01h\0aah\x01.", 9).unwrap_err().contains("contains itself"));
        assert!(check_nesting(b"\x80\x02]q\0]q\x01a.", 9).is_ok());
        // Links that are made after the outer list: depth is found in the finished values.
        let mut chain = b"\x80\x02".to_vec();
        for i in 0..50_u8 {
            chain.extend([b']', b'q', i, b'0']);
        }
        for i in 0..49_u8 {
            chain.extend([b'h', i, b'h', i + 1, b'a', b'0']);
        }
        chain.extend(b"N.");
        assert!(check_nesting(&chain, 40).unwrap_err().contains("more than 40 levels"));
        assert!(check_nesting(&chain, 50).is_ok());
    }
}
