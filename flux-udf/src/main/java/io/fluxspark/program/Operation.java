package io.fluxspark.program;

import java.util.List;
import java.util.Optional;

/**
 * What a line of a method does with memory.
 *
 * @param results what it gives
 * @param arguments the variables that it uses; those of a call in the order of the callee's tensors
 * @param viewed the variable whose memory the result shares
 * @param callee what it calls
 * @param carried of the arguments, those that a layer gives the next
 * @param layers how many results of the callee it stacks; 0 where it stacks none
 * @param passing what it holds besides, only while it runs
 * @param brought weights that it uses and that may have to be brought to where it runs
 */
record Operation(
    List<Tensor> results,
    List<String> arguments,
    Optional<String> viewed,
    Optional<Method> callee,
    List<String> carried,
    long layers,
    List<Block> passing,
    List<Block> brought) {
  /** Memory of a shape and type. */
  record Block(DataType type, List<Dim> shape) {}
}
