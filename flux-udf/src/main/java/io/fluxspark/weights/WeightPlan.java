package io.fluxspark.weights;

import io.fluxspark.program.WeightSpec;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * What the programs of a model part read from its checkpoint.
 *
 * @param prefix what stands in front of all names in the checkpoint; programs leave it out
 * @param own weights outside of any layer
 * @param layers stacks of layers, each run by one method
 */
public record WeightPlan(String prefix, List<WeightSpec> own, List<Layers> layers)
    implements Serializable {
  public WeightPlan {
    own = List.copyOf(own);
    layers = List.copyOf(layers);
  }

  /** Weights that the checkpoint calls as the programs do. */
  public WeightPlan(List<WeightSpec> own, List<Layers> layers) {
    this("", own, layers);
  }

  /**
   * A stack of equal layers.
   *
   * @param prefix what stands in front of the layer's number, with its dot
   * @param count how many layers
   * @param specs the weights of each, by names below {@code prefix + number + "."}
   */
  public record Layers(String prefix, int count, List<WeightSpec> specs) implements Serializable {
    public Layers {
      specs = List.copyOf(specs);
    }

    String prefix(int layer) {
      return prefix + layer + ".";
    }
  }

  /** The same weights where all names of the checkpoint start with {@code other}. */
  public WeightPlan below(String other) {
    return new WeightPlan(other, own, layers);
  }

  /**
   * Without some weights of layers.
   *
   * @param layerWeight which, by the name below the layer's prefix
   */
  public WeightPlan without(Predicate<String> layerWeight) {
    return new WeightPlan(
        prefix,
        own,
        layers.stream()
            .map(
                stack ->
                    new Layers(
                        stack.prefix(),
                        stack.count(),
                        stack.specs().stream()
                            .filter(spec -> !layerWeight.test(spec.name()))
                            .toList()))
            .toList());
  }

  /** Every weight under its full name. */
  public List<WeightSpec> all() {
    List<WeightSpec> all = new ArrayList<>();
    own.forEach(spec -> all.add(named("", spec)));
    for (Layers stack : layers) {
      for (int i = 0; i < stack.count(); i++) {
        String layer = stack.prefix(i);
        stack.specs().forEach(spec -> all.add(named(layer, spec)));
      }
    }
    return all;
  }

  private WeightSpec named(String layer, WeightSpec spec) {
    return new WeightSpec(prefix + layer + spec.name(), spec.shape());
  }

  /** Numbers that programs which take float8 have in float8, of a checkpoint that fits. */
  public long float8Parameters(Checkpoint checkpoint) {
    return all().stream()
        .filter(
            spec -> checkpoint.find(spec.name()).filter(StoredWeight::isFloat8Matrix).isPresent())
        .mapToLong(WeightSpec::elements)
        .sum();
  }

  /** Numbers in all weights together. */
  public long parameters() {
    return all().stream().mapToLong(WeightSpec::elements).sum();
  }

  /**
   * Checks that a checkpoint has every weight, with its shape and a type that is read.
   *
   * @throws io.fluxspark.error.FluxSparkException {@code INVALID_MODEL} that names the first one
   *     that is not so
   */
  public void verify(Checkpoint checkpoint) {
    all().forEach(spec -> checkpoint.require(spec.name(), spec.shape()).dataType());
  }
}
