//! Every card with its published weights: loaded strictly, of the published size, identified, and the reference's pixels.

#[path = "../../../tests/common/mod.rs"]
mod common;
mod network;
mod pixels;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use esr_models::identify::identify;
use esr_models::scope::{self, Observer};
use esr_models::vars::VarKind;
use tch::{Device, Kind, Tensor};

use crate::network::networks;

/// Counts the modules that are entered, by class.
#[derive(Default)]
struct Census(Rc<RefCell<BTreeMap<String, u64>>>);

impl Observer for Census {
    fn enter(&mut self, _: &str, class: &str) {
        *self.0.borrow_mut().entry(class.to_owned()).or_default() += 1;
    }

    fn leave(&mut self) {}
}

#[test]
fn weights_load_strictly_into_a_network_of_the_published_size() {
    let Some(shared) = common::shared("weights_load_strictly_into_a_network_of_the_published_size") else { return };
    for network in networks(&shared) {
        let built = network.build(network.dict());
        let parameters = built.vars.iter().filter(|v| v.kind == VarKind::Parameter);
        assert_eq!(parameters.map(|v| v.tensor.numel()).sum::<usize>(), network.row.params, "{}", network.row.name);

        let census = Census::default();
        let counts = Rc::clone(&census.0);
        scope::observe(Some(Box::new(census)));
        let x = Tensor::zeros([1, 3, 33, 47], (Kind::Float, Device::Cpu));
        let y = tch::no_grad(|| built.network.forward(&x));
        scope::observe(None);
        let scale = i64::from(network.card.scale);
        assert_eq!(y.size(), [1, 3, 33 * scale, 47 * scale], "{}", network.row.name);
        assert_eq!(counts.borrow()["Conv2d"], network.row.conv, "{}: calls of convolutions", network.row.name);
        // The root is the class of the published code.
        assert_eq!(counts.borrow().get(&network.class()), Some(&1), "{}: {counts:?}", network.row.name);
    }
}

#[test]
fn weights_are_identified_and_nothing_else_fits_them() {
    let Some(shared) = common::shared("weights_are_identified_and_nothing_else_fits_them") else { return };
    for network in networks(&shared) {
        let matches = identify(&network.dict()).matches;
        let names: Vec<&str> = matches.iter().map(|m| m.arch.name).collect();
        assert_eq!(names, [network.card.arch.as_str()], "{}", network.row.name);
        for (key, value) in &network.card.config {
            assert_eq!(matches[0].guess.config.get(key), Some(value), "{}: `{key}`", network.row.name);
        }
    }
}

#[test]
fn one_tensor_too_many_is_no_network() {
    let Some(shared) = common::shared("one_tensor_too_many_is_no_network") else { return };
    for network in networks(&shared) {
        let mut dict = network.dict();
        dict.insert("stray.weight".to_owned(), Tensor::zeros([3], (Kind::Float, Device::Cpu)));
        let found = identify(&dict);
        assert!(found.matches.is_empty(), "{}", network.row.name);
        let nearest = found.near.first().unwrap_or_else(|| panic!("{}: nothing is near", network.row.name));
        assert_eq!(nearest.arch.name, network.card.arch, "{}", network.row.name);
        assert_eq!(nearest.misfit.list(), "1 extra: `stray.weight` [3]", "{}", network.row.name);
    }
}
