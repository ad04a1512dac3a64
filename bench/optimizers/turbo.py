"""TuRBO-1 on BoTorch: Bayesian optimization of one number in a trust region.

Eriksson et al. 2019, "Scalable global optimization via local Bayesian optimization", with the
settings of the authors' program: the region's side starts at 0.8 of the box, doubles after three
successes in a row and halves after max(4 / batch, dimensions / batch) failures in a row; below 2^-7
the search begins anew. Candidates are Thompson samples among 100 points per dimension (at most
5000) that differ from the best point in about 20 coordinates. The Gaussian process is fitted by
BoTorch, which goes on until the evidence no longer grows; the authors' takes 50 steps.
"""

import math

import numpy as np
import torch
from botorch.fit import fit_gpytorch_mll
from botorch.generation import MaxPosteriorSampling
from botorch.models import SingleTaskGP
from gpytorch.constraints import Interval
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.likelihoods import GaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch.quasirandom import SobolEngine

torch.set_default_dtype(torch.float64)


def minimize(function, first, batch, seed):
    """Goes on until the function raises. Points are in [-1, 1]; the first ones are given."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    dimensions = first.shape[1]
    points = torch.from_numpy((first + 1) / 2)
    while True:
        search_region(function, points, batch)
        # A restart knows nothing, as in the paper.
        points = SobolEngine(dimensions, scramble=True).draw(2 * dimensions)


def search_region(function, x, batch):
    """Searches until the trust region has collapsed."""
    y = evaluate(function, x)
    side, successes, failures = 0.8, 0, 0
    patience = math.ceil(max(4 / batch, x.shape[1] / batch))
    while side >= 0.5**7:
        best = y.min()
        new = propose(x, y, side, batch)
        totals = evaluate(function, new)
        x, y = torch.cat([x, new]), torch.cat([y, totals])
        if totals.min() < best - 1e-3 * abs(best):
            successes, failures = successes + 1, 0
        else:
            successes, failures = 0, failures + 1
        if successes == 3:
            side, successes = min(2 * side, 1.6), 0
        elif failures == patience:
            side, failures = side / 2, 0


def evaluate(function, points):
    return torch.tensor([function(2 * np.array(point) - 1) for point in points])


def propose(x, y, side, batch):
    """Thompson samples inside the trust region around the best point."""
    dimensions = x.shape[1]
    gain = -(y - y.median()) / y.std()
    kernel = MaternKernel(2.5, ard_num_dims=dimensions, lengthscale_constraint=Interval(0.005, 2))
    model = SingleTaskGP(
        x,
        gain[:, None],
        covar_module=ScaleKernel(kernel, outputscale_constraint=Interval(0.05, 20)),
        likelihood=GaussianLikelihood(noise_constraint=Interval(5e-4, 0.2)),
        outcome_transform=None,
    )
    fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))

    center = x[y.argmin()]
    weights = kernel.lengthscale.detach()[0]
    weights = weights / weights.log().mean().exp()
    low = (center - weights * side / 2).clamp(0, 1)
    high = (center + weights * side / 2).clamp(0, 1)
    count = min(100 * dimensions, 5000)
    anywhere = low + (high - low) * SobolEngine(dimensions, scramble=True).draw(count)
    moves = torch.rand(count, dimensions) <= min(20 / dimensions, 1)
    still = ~moves.any(dim=1)
    moves[still, torch.randint(dimensions, (int(still.sum()),))] = True
    with torch.no_grad():
        sampling = MaxPosteriorSampling(model, replacement=False)
        return sampling(torch.where(moves, anywhere, center), num_samples=batch)
