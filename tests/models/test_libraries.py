"""The packages import as they were installed, and a torchvision for CUDA beside a CPU PyTorch."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from repalign.models import libraries
from repalign.models.libraries import deterministic, import_nltk, import_torch, import_transformers


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )


def test_everything_that_models_need_imports_in_a_fresh_process():
    code = (
        "from repalign.models.libraries import *\n"
        "timm, transformers = import_timm(), import_transformers()\n"
        "import torchvision\n"
        "from torchvision.transforms import functional\n"
        "print(timm.__version__, transformers.__version__)\n"
        "transformers.LlamaForCausalLM, transformers.DetrForObjectDetection\n"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [version("timm"), version("transformers")]


BREAK = """
import sys, types, importlib.abc, importlib.util
class Broken(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    \"\"\"A torchvision whose import needs operators, as the wheel for CUDA does.\"\"\"
    def find_spec(self, name, path, target=None):
        if name == "torchvision":
            return importlib.util.spec_from_loader(name, self)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        import torch
        for name in OPERATORS:
            if not hasattr(torch.ops.torchvision, name):
                raise RuntimeError(f"operator torchvision::{name} does not exist")
sys.meta_path.insert(0, Broken())
from repalign.errors import RepalignError
from repalign.models import libraries
"""


def test_missing_operators_are_defined_once_and_stay():
    code = BREAK.replace("OPERATORS", "('nms', 'qnms')") + (
        "torch = libraries.import_torch()\n"
        "assert libraries._import_torchvision(torch)\n"
        "assert libraries._import_torchvision(torch)\n"
        "import gc; gc.collect()\n"
        "assert len(libraries._shims) == 1\n"
        "print(torch.ops.torchvision.nms.default._schema)\n"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("torchvision::nms(Tensor dets, Tensor scores, float")


def test_a_torchvision_broken_otherwise_is_an_error_and_no_operator_is_defined():
    code = BREAK.replace("OPERATORS", "('roi_align',)") + (
        "torch = libraries.import_torch()\n"
        "for guard in (libraries.import_timm, libraries.import_transformers):\n"
        "    try:\n"
        "        guard()\n"
        "    except RepalignError as error:\n"
        "        print(str(error).count('roi_align'), 'make models' in str(error))\n"
        "assert not libraries._shims\n"
    )
    done = run(code)
    assert done.stdout == "1 True\n1 True\n", done.stderr


def test_a_working_torchvision_is_left_alone():
    done = run(
        BREAK.replace("OPERATORS", "()")
        + "libraries._import_torchvision(libraries.import_torch())\nprint(libraries._shims)\n"
    )
    assert done.stdout == "[]\n", done.stderr


def test_transformers_is_quiet_and_nltk_downloads_nothing():
    transformers = import_transformers()
    assert transformers.utils.logging.get_verbosity() >= transformers.logging.ERROR
    nltk = import_nltk()
    assert nltk.stem.PorterStemmer().stem("surfing") == "surf"


def test_switches_hold_within_the_block_and_are_put_back():
    torch = import_torch()
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_float32_matmul_precision("high")
    with deterministic(3) as given:
        assert given is torch
        assert torch.get_num_threads() == 3
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_inference_mode_enabled()
        assert torch.get_float32_matmul_precision() == "highest"
        assert not torch.backends.cudnn.allow_tf32
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before
    assert not torch.is_inference_mode_enabled()


def test_switches_are_put_back_after_an_error():
    torch = import_torch()
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError, match="boom"), deterministic(before + 1):
        raise RuntimeError("boom")
    assert torch.get_num_threads() == before


def test_the_guard_is_the_only_way_in():
    assert libraries.REMEDY == "Run `make models`, or pip install 'repalign[models]'."
