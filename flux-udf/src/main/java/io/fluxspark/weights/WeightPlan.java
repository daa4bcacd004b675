package io.fluxspark.weights;

import io.fluxspark.program.WeightSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What the programs of a model part read from its checkpoint.
 *
 * @param own weights outside of any layer
 * @param layers stacks of layers, each run by one method
 */
public record WeightPlan(List<WeightSpec> own, List<Layers> layers) {
  public WeightPlan {
    own = List.copyOf(own);
    layers = List.copyOf(layers);
  }

  /**
   * A stack of equal layers.
   *
   * @param prefix what stands in front of the layer's number, with its dot
   * @param count how many layers
   * @param specs the weights of each, by names below {@code prefix + number + "."}
   */
  public record Layers(String prefix, int count, List<WeightSpec> specs) {
    public Layers {
      specs = List.copyOf(specs);
    }

    String prefix(int layer) {
      return prefix + layer + ".";
    }
  }

  /** The same weights where all names of the checkpoint start with {@code prefix}. */
  public WeightPlan below(String prefix) {
    return new WeightPlan(
        own.stream().map(s -> new WeightSpec(prefix + s.name(), s.shape())).toList(),
        layers.stream().map(l -> new Layers(prefix + l.prefix(), l.count(), l.specs())).toList());
  }

  /** Every weight under its full name. */
  public List<WeightSpec> all() {
    Stream<WeightSpec> layered =
        layers.stream()
            .flatMap(
                l ->
                    IntStream.range(0, l.count())
                        .boxed()
                        .flatMap(
                            i ->
                                l.specs().stream()
                                    .map(s -> new WeightSpec(l.prefix(i) + s.name(), s.shape()))));
    List<WeightSpec> all = new ArrayList<>(own);
    layered.forEach(all::add);
    return all;
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
