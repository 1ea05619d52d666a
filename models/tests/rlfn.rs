//! A network builds from a seed and keeps its promise on shapes.

use esr_models::arch::Arch;
use esr_models::vars::Vars;
use tch::{Device, Kind, Tensor};

#[test]
fn rlfn_upscales_by_four_at_odd_sizes() {
    let built = Arch::find("rlfn").unwrap().build(Vars::seeded(1, Device::Cpu), &serde_json::Map::new()).unwrap();
    let x = Tensor::rand([1, 3, 33, 47], (Kind::Float, Device::Cpu));
    let y = tch::no_grad(|| built.network.forward(&x));
    assert_eq!(y.size(), [1, 3, 132, 188]);
}
