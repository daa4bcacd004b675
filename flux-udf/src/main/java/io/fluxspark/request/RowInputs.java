package io.fluxspark.request;

import io.fluxspark.error.FluxSparkException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The pictures and the LoRAs of one row, checked against what the model takes. */
record RowInputs(RowReader reader, RequestRules rules) {
  private static final int LONGEST_PROBLEM = 500;

  RequestInputs pictures(RequestDefaults used) {
    Optional<InputImage> image = image(RequestColumns.IMAGE, used.image());
    Optional<InputImage> mask = image(RequestColumns.MASK_IMAGE, used.maskImage());
    Optional<InputImage> control = image(RequestColumns.CONTROL_IMAGE, used.controlImage());
    Task task = task(image.isPresent(), mask.isPresent(), control.isPresent());
    return new RequestInputs(
        task,
        image,
        mask,
        control,
        task.hasStrength() ? used.strength() : 1,
        task == Task.KONTEXT && rules.autoResize());
  }

  private Task task(boolean hasImage, boolean hasMask, boolean hasControl) {
    switch (rules.conditioning()) {
      case CONTROL -> {
        require(hasControl, RequestColumns.CONTROL_IMAGE, "this model needs a picture of its kind");
        refuse(hasImage, RequestColumns.IMAGE, "this model takes a control_image alone");
        refuse(hasMask, RequestColumns.MASK_IMAGE, "this model takes a control_image alone");
        return Task.CONTROL;
      }
      case FILL -> {
        require(hasImage, RequestColumns.IMAGE, "this model fills in a picture; one is needed");
        require(hasMask, RequestColumns.MASK_IMAGE, "this model fills in what is white in a mask");
        refuseControl(hasControl);
        return Task.FILL;
      }
      case KONTEXT -> {
        refuse(hasMask, RequestColumns.MASK_IMAGE, "a Kontext model takes an image alone");
        refuseControl(hasControl);
        return hasImage ? Task.KONTEXT : Task.TEXT_TO_IMAGE;
      }
      default -> {
        refuseControl(hasControl);
        refuse(hasMask && !hasImage, RequestColumns.MASK_IMAGE, "its image is needed too");
        return hasMask ? Task.INPAINT : hasImage ? Task.IMAGE_TO_IMAGE : Task.TEXT_TO_IMAGE;
      }
    }
  }

  private void require(boolean isThere, String column, String why) {
    if (!isThere && !reader.isWrong(column)) {
      reader.problem(column, why);
    }
  }

  private void refuse(boolean isThere, String column, String why) {
    if (isThere) {
      reader.problem(column, why);
    }
  }

  private void refuseControl(boolean isThere) {
    refuse(
        isThere,
        RequestColumns.CONTROL_IMAGE,
        "this model takes none; FLUX.1 Canny and Depth models do");
  }

  private Optional<InputImage> image(String column, String unset) {
    return reader
        .image(column, unset)
        .flatMap(
            given ->
                given.bytes() == null
                    ? file(column, given.path(), rules.files()::version)
                        .map(file -> new InputImage(file.path(), null, file.version()))
                    : Optional.of(
                        new InputImage(
                            given.path(), given.bytes(), CanonicalJson.sha256(given.bytes()))));
  }

  List<Lora> loras(RequestDefaults used) {
    List<Double> scales = used.loraScale();
    int count = used.lora().size();
    if (count > 0 && scales.size() > 1 && scales.size() != count) {
      reader.problem(
          RequestColumns.LORA_SCALE,
          "has " + scales.size() + " numbers; one, or one for each of " + count + ", is needed");
      return List.of();
    }
    List<Lora> loras = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double scale = scales.isEmpty() ? 1 : scales.get(Math.min(i, scales.size() - 1));
      file(RequestColumns.LORA, used.lora().get(i), rules.files()::loraDigest)
          .ifPresent(file -> loras.add(new Lora(file.path(), file.version(), scale)));
    }
    return loras;
  }

  private record KnownFile(String path, String version) {}

  private Optional<KnownFile> file(String column, String path, UnaryOperator<String> version) {
    try {
      String resolved = rules.files().resolve(path);
      return Optional.of(new KnownFile(resolved, version.apply(resolved)));
    } catch (FluxSparkException e) {
      reader.problem(column, oneLine(e.getMessage()));
      return Optional.empty();
    }
  }

  /** The path is in it, perhaps twice, and may be anything. */
  private static String oneLine(String problem) {
    String line = problem.replaceAll("\\s+", " ");
    return line.codePointCount(0, line.length()) > LONGEST_PROBLEM
        ? line.substring(0, line.offsetByCodePoints(0, LONGEST_PROBLEM)) + "..."
        : line;
  }
}
