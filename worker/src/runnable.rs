//! What a session runs, whatever it was built from.

use esr_models::vars::Var;
use tch::Tensor;

use crate::failure::Result;

/// A network on its device, ready to run.
pub(crate) trait Runnable {
    /// Its name in a graph.
    fn name(&self) -> &str;

    /// (1, 3, H, W) to (1, 3, scale H, scale W), in the network's data range.
    fn forward(&self, x: &Tensor) -> Result<Tensor>;

    /// Its parameters and buffers.
    fn vars(&self) -> &[Var];

    /// The class that a hook would report for a module. The layers of the registry have that name already.
    fn hook_class(&self, class: &str) -> String {
        class.to_owned()
    }

    /// A number for what the network keeps between forwards: it changes where a forward writes to a parameter, a buffer, a
    /// constant or an attribute. The networks of the registry keep nothing.
    fn state(&self) -> Result<u64> {
        Ok(0)
    }

    /// Whether the classes of its modules are what an archive claims, and not what the worker built.
    fn claims_classes(&self) -> bool {
        false
    }
}
