// An extension module for NEST with one cell model, as models of the LGN bring one: `relay_neuron`, which
// fires when it is given a spike.

#include "model_manager_impl.h"
#include "nest_extension_interface.h"
#include "parrot_neuron.h"

class RelayModule : public nest::NESTExtensionInterface
{
public:
  void initialize() override
  {
    nest::register_node_model< nest::parrot_neuron >( "relay_neuron" );
  }
};

RelayModule relaymodule_LTX_module;
