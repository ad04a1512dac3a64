"""Connections between two sheets, as a list of synapses."""

import numpy as np
from parameters import ParameterSet

import mozaik
from mozaik.core import BaseComponent
from mozaik.tools.distribution_parametrization import PyNNDistribution


class Connector(BaseComponent):
    """Subclasses say from which source cells a target cell's synapses may come."""

    required_parameters = ParameterSet(
        {
            **dict.fromkeys(["base_weight", "num_samples"], PyNNDistribution),
            **dict.fromkeys(["delay_functions", "num_samples_functions"], ParameterSet),
            **dict.fromkeys(["short_term_plasticity", "local_module"], ParameterSet),
            **dict.fromkeys(["delay_expression", "num_samples_expression"], str),
        }
    )

    def __init__(self, model, name, source, target, parameters):
        super().__init__(model, parameters)
        self.name, self.source, self.target = name, source, target
        self.functions = {kind: self._load_functions(kind) for kind in ("weight", "delay")}

    def _load_functions(self, kind):
        return {
            name: mozaik.load_component(each["component"])(self.source, self.target, each["params"])
            for name, each in self.parameters.get(f"{kind}_functions", {}).items()
        }

    def connect(self, receptor_type="excitatory"):
        """Draws synapses; several between the same cells are one of the summed weight."""
        synapses = []
        for target_cell in range(self.target.pop.size):
            likely, delays = self.likelihood(target_cell), self.delays(target_cell)
            if not likely.sum() > 0:
                continue
            samples = round(float(self.parameters.num_samples.next()))
            counts = mozaik.pynn_rng.rng.multinomial(max(samples, 0), likely / likely.sum())
            for source_cell in np.flatnonzero(counts):
                weight = self.parameters.base_weight.next() * counts[source_cell]
                synapses.append((source_cell, target_cell, weight, delays[source_cell]))
        sim = self.model.sim
        if synapses:
            sim.Projection(
                self.source.pop,
                self.target.pop,
                sim.FromListConnector(synapses),
                synapse_type=self._synapse_type(sim),
                receptor_type=receptor_type,
                label=self.name,
            )
        mozaik.getMozaikLogger().info("%s: %d connections were created", self.name, len(synapses))

    def _synapse_type(self, sim):
        plasticity = self.parameters.short_term_plasticity
        if plasticity is None:
            return sim.StaticSynapse()
        return sim.TsodyksMarkramSynapse(
            U=plasticity.U, tau_rec=plasticity.tau_rec, tau_facil=plasticity.tau_fac
        )

    def evaluate(self, kind, target_cell):
        """The value of an expression such as 'f1*f2' for each source cell."""
        functions = self.functions[kind]
        values = {name: function(target_cell) for name, function in functions.items()}
        return eval(self.parameters[f"{kind}_expression"], values)

    def delays(self, target_cell):
        step = self.model.parameters.time_step
        delays = self.evaluate("delay", target_cell)
        return np.maximum(np.round(delays / step), 1) * step
