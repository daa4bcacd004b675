package io.fluxspark.program;

import ai.djl.pytorch.jni.IValue;

/**
 * Weights by their names, wrapped once for any number of calls. They belong to the scope that made
 * them.
 */
public final class NativeWeights implements Argument {
  private final IValue value;

  NativeWeights(IValue value) {
    this.value = value;
  }

  IValue value() {
    return value;
  }
}
