package io.fluxspark.program;

import ai.djl.pytorch.jni.IValue;

/**
 * The weights of several layers of one kind, first to last. They belong to the scope that made
 * them.
 */
public final class NativeLayers implements Argument {
  private final IValue value;

  NativeLayers(IValue value) {
    this.value = value;
  }

  IValue value() {
    return value;
  }
}
