"""A clone in the manner of the challenges' repositories, with one oddity of the real ones in each branch.

The weights in model_zoo/ are made by the tests. Nothing here is a test: pytest is told so in conftest.py.
"""

import argparse
import os

import torch

import absent_summary
from absent_toolkit.flops import FlopCounter
from utils import helper

print("printed while test_demo.py is imported")


def select_model(args, device):
    model_id = args.model_id
    tile = None
    if model_id == 0:
        # Team Plain
        from models.team00_plain import Plain
        name, data_range = f"{model_id:02}_Plain_baseline", 255.0
        model_path = os.path.join("model_zoo", "team00_plain.pth")
        model = Plain()
        model.load_state_dict(torch.load(model_path), strict=True)
    elif model_id == 1:
        import importlib
        module = importlib.import_module(f"models.team{model_id:02}_build")
        name, data_range = f"{model_id:02}_Built", 1.0
        model = getattr(module, "build")(channels=6, names=["a", "b"], bias=True).eval().to(device)
        state = torch.load(f"model_zoo/team{model_id:02}_build.pth")
        model.load_state_dict(state["params"], strict=False)
    elif model_id == 2:
        # Team Without A Network
        pass
    elif model_id == 3:
        raise NotImplementedError("Team 3 withdrew.")
    elif model_id == 4:
        from models.team00_plain import Plain
        name, data_range = f"{model_id:02}_Lost", 1.0
        model = Plain()
        model.load_state_dict(torch.load("model_zoo/team04_lost.pth"), strict=True)
    elif model_id == 5:
        from models.team05_tuple.net import Several
        name, data_range = f"{model_id:02}_Several", 1.0
        model = Several()
    elif model_id == 6:
        from models.team06_cuda import Cuda
        name, data_range = f"{model_id:02}_Cuda", 1.0
        model = Cuda()
        model = torch.compile(model.cuda())
        model.load_state_dict(torch.load("model_zoo/team06_cuda.pth", map_location="cuda:0"))
    elif model_id == 7:
        from models.team07_registry import Registered
        name, data_range = f"{model_id:02}_Registered", 1.0
        model = Registered()
    elif model_id == 8:
        from models.team08_needs import NeedsInInit
        name, data_range = f"{model_id:02}_Needs", 1.0
        model = NeedsInInit()
    elif model_id == 9:
        from models.team08_needs import NeedsInForward
        name, data_range = f"{model_id:02}_Needs", 1.0
        model = NeedsInForward()
    elif model_id == 10:
        from models.team00_plain import Plain
        name, data_range = f"{model_id:02}_Tiled", 1.0
        model_path = os.path.join("model_zoo", "team00_plain.pth")
        model = Plain()
        model.load_state_dict(torch.load(model_path, map_location=device), strict=True)
        tile = 40
    elif model_id == 11:
        from models.team00_plain import Plain
        name, data_range = f"{model_id:02}_OldPickle", 1.0
        ckpt = torch.load("model_zoo/team11_old.pth")
        if isinstance(ckpt, dict) and ("params_ema" in ckpt or "params" in ckpt):
            state = ckpt.get("params_ema", ckpt.get("params"))
        else:
            state = ckpt
        state = {k.replace("module.", "", 1): v for k, v in state.items()}
        model = Plain()
        model.load_state_dict(state, strict=True)
    elif model_id == 12:
        from models.team12_noisy import Noisy
        name, data_range = f"{model_id:02}_Noisy", 1.0
        model = Noisy()
    elif model_id == 13:
        from models.team06_cuda import CudaInForward
        name, data_range = f"{model_id:02}_CudaInForward", 1.0
        model = CudaInForward()
    elif model_id == 14:
        raise SystemExit("no such team")
    elif model_id in (15, 16, 17, 19):
        from models.team15_wrong import ForOneDevice, NotFinite, Throws, WrongScale
        name, data_range = f"{model_id:02}_Wrong", 1.0
        model = {15: Throws, 16: WrongScale, 17: NotFinite, 19: ForOneDevice}[model_id]()
    elif model_id == 18:
        from models.team18_gone import Gone
        name, data_range = f"{model_id:02}_Gone", 1.0
        model = Gone()
    else:
        raise NotImplementedError(f"Model {model_id} is not implemented.")

    model.eval()
    for k, v in model.named_parameters():
        v.requires_grad = False
    model = model.to(device)
    return model, name, data_range, tile


def forward(img_lq, model, tile=None, tile_overlap=8, scale=4):
    return model(img_lq)


if __name__ == "__main__":
    parser = argparse.ArgumentParser("clone")
    parser.add_argument("--data_dir", default="../", type=str)
    parser.add_argument("--model_id", default=0, type=int)
    parser.add_argument("--ssim", action="store_true")
    print(helper, FlopCounter, absent_summary, parser.parse_args())
