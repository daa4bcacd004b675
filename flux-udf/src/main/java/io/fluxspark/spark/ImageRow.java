package io.fluxspark.spark;

import io.fluxspark.image.PictureScores;
import io.fluxspark.request.Approximations;
import io.fluxspark.request.GenerationRequest;
import io.fluxspark.request.ImageRequest;
import io.fluxspark.request.InputImage;
import io.fluxspark.request.Lora;
import io.fluxspark.request.PromptEmbeds;
import io.fluxspark.request.RequestColumns;
import io.fluxspark.request.RequestInputs;
import io.fluxspark.request.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Between planned rows, requests and written rows. */
record ImageRow(ImageRequest request) {
  private static final int NAME_DIGITS = 16;

  /** A request's columns of {@link Tables#PLANNED}, up to the number of the picture. */
  static List<Object> plannedRequest(GenerationRequest request) {
    RequestInputs inputs = request.inputs();
    List<Object> columns = new ArrayList<>(values(request, request.seed()));
    columns.add(planned(inputs.image()));
    columns.add(planned(inputs.maskImage()));
    columns.add(planned(inputs.controlImage()));
    columns.add(
        request
            .promptEmbeds()
            .map(
                given ->
                    RowFactory.create(
                        given.prompt(), given.pooled(), given.promptSha256(), given.pooledSha256()))
            .orElse(null));
    columns.add(
        request.loras().stream()
            .map(lora -> RowFactory.create(lora.path(), lora.digest(), lora.scale()))
            .toArray(Row[]::new));
    columns.add(inputs.autoResize());
    columns.add(inputs.task().taskName());
    columns.add(request.firstStep());
    columns.add(request.guided().from());
    columns.add(request.guided().to());
    columns.add(request.loraIdentity());
    return columns;
  }

  private static Row planned(Optional<InputImage> image) {
    return image
        .map(given -> RowFactory.create(given.path(), given.bytes(), given.version()))
        .orElse(null);
  }

  /** A row of {@link RequestTable#images} as a request. */
  static PlannedImage planned(Row row) {
    Task task = Task.fromName(row.getAs(Tables.TASK));
    RequestInputs inputs =
        new RequestInputs(
            task,
            input(row.getAs(RequestColumns.IMAGE)),
            input(row.getAs(RequestColumns.MASK_IMAGE)),
            input(row.getAs(RequestColumns.CONTROL_IMAGE)),
            task.hasStrength() ? row.<Double>getAs(RequestColumns.STRENGTH) : 1,
            row.<Boolean>getAs(Tables.AUTO_RESIZE));
    List<Row> loras = row.getList(row.fieldIndex(RequestColumns.LORA));
    GenerationRequest request =
        new GenerationRequest(
            row.getString(0),
            Optional.ofNullable(row.getString(1)),
            Optional.ofNullable(row.getString(2)),
            Optional.ofNullable(row.getString(3)),
            row.getDouble(4),
            row.getInt(5),
            row.getInt(6),
            row.getInt(7),
            row.getDouble(8),
            row.getLong(9),
            row.getInt(10),
            row.getInt(11),
            inputs,
            loras.stream()
                .map(lora -> new Lora(lora.getString(0), lora.getString(1), lora.getDouble(2)))
                .toList(),
            Optional.ofNullable(row.<Row>getAs(RequestColumns.PROMPT_EMBEDS))
                .map(given -> embeds(given, row.getInt(11))),
            new Approximations(
                row.<Double>getAs(RequestColumns.TRUE_CFG_START),
                row.<Double>getAs(RequestColumns.TRUE_CFG_STOP),
                row.<Double>getAs(RequestColumns.FIRST_BLOCK_CACHE_THRESHOLD)));
    return new PlannedImage(
        new ImageRequest(
            request, row.<Integer>getAs(Tables.IMAGE_INDEX), row.<String>getAs(Tables.REQUEST_KEY)),
        row);
  }

  private static PromptEmbeds embeds(Row given, int length) {
    return new PromptEmbeds(
        given.<byte[]>getAs(0),
        given.<byte[]>getAs(1),
        length,
        given.getString(2),
        given.getString(3));
  }

  private static Optional<InputImage> input(Row given) {
    return Optional.ofNullable(given)
        .map(row -> new InputImage(row.getString(0), row.<byte[]>getAs(1), row.getString(2)));
  }

  /** {@link RequestColumns#ALL} as texts, null where there is none: the seed is the picture's. */
  List<String> texts() {
    GenerationRequest values = request.request();
    List<String> texts = new ArrayList<>();
    for (Object value : values(values, request.seed())) {
      texts.add(value == null ? null : value.toString());
    }
    RequestInputs inputs = values.inputs();
    for (Optional<InputImage> image :
        List.of(inputs.image(), inputs.maskImage(), inputs.controlImage())) {
      texts.add(image.map(given -> given.path() == null ? "bytes" : given.path()).orElse(null));
    }
    boolean hasLora = !values.loras().isEmpty();
    texts.add(hasLora ? values.loras().stream().map(Lora::path).toList().toString() : null);
    texts.add(hasLora ? values.loras().stream().map(Lora::scale).toList().toString() : null);
    texts.add(values.promptEmbeds().map(given -> "sha256:" + given.promptSha256()).orElse(null));
    texts.add(values.promptEmbeds().map(given -> "sha256:" + given.pooledSha256()).orElse(null));
    return texts;
  }

  /** The columns from {@code id} to {@code first_block_cache_threshold}. */
  static List<Object> values(GenerationRequest values, long seed) {
    return Arrays.asList(
        values.id(),
        values.prompt().orElse(null),
        values.prompt2().orElse(null),
        values.negativePrompt().orElse(null),
        values.trueCfgScale(),
        values.height(),
        values.width(),
        values.numInferenceSteps(),
        values.guidanceScale(),
        seed,
        values.numImagesPerPrompt(),
        values.maxSequenceLength(),
        values.inputs().task().hasStrength() ? values.inputs().strength() : null,
        values.approximations().trueCfgStart(),
        values.approximations().trueCfgStop(),
        values.approximations().firstBlockCacheThreshold());
  }

  private static Row written(Optional<InputImage> image) {
    return image
        .map(given -> RowFactory.create(given.path(), sha256(given.file().orElseThrow())))
        .orElse(null);
  }

  /** A row of {@link Tables#images}. */
  static Row made(ImageOutcome.Made made, GenerationJob job) {
    ImageRequest request = made.planned().request();
    GenerationRequest values = request.request();
    List<Object> row = new ArrayList<>(values(values, request.seed()));
    row.add(values.inputs().task().taskName());
    row.add(written(values.inputs().image()));
    row.add(written(values.inputs().maskImage()));
    row.add(written(values.inputs().controlImage()));
    row.add(values.promptEmbeds().map(PromptEmbeds::promptSha256).orElse(null));
    row.add(values.promptEmbeds().map(PromptEmbeds::pooledSha256).orElse(null));
    boolean hasLora = !values.loras().isEmpty();
    List<String> approximations = job.settings().approximations(values);
    row.add(hasLora ? values.loras().stream().map(Lora::path).toArray(String[]::new) : null);
    row.add(hasLora ? values.loras().stream().map(Lora::scale).toArray(Double[]::new) : null);
    row.add(request.index());
    row.add(RowFactory.create(made.file(), fileName(request, job)));
    row.add(sha256(made.file()));
    row.add(job.modelName());
    row.add(job.settings().modelDigest());
    row.add(job.license());
    row.add(approximations.isEmpty() ? null : approximations.toArray(String[]::new));
    row.add(made.callsReused().isPresent() ? made.callsReused().getAsInt() : null);
    row.add(made.cut().clip());
    row.add(made.cut().t5());
    row.add(made.seconds().text());
    row.add(made.seconds().denoising());
    row.add(made.seconds().decoding());
    row.add(made.encodingSeconds());
    PictureScores scores = made.scores();
    row.add(scores == null ? null : scores.perceptualHash());
    row.add(scores == null ? null : scores.sharpness());
    row.add(scores == null ? null : scores.flatness());
    row.add(made.clipScore());
    row.add(made.verdict());
    row.add(request.requestKey());
    row.add(job.runId());
    Row planned = made.planned().row();
    for (int i = Tables.PLANNED.size(); i < planned.size(); i++) {
      row.add(planned.get(i));
    }
    return RowFactory.create(row.toArray());
  }

  private static String fileName(ImageRequest request, GenerationJob job) {
    return request.requestKey().substring(0, NAME_DIGITS)
        + "."
        + job.pictureFormat().fileExtension();
  }

  private static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(DigestUtils.sha256(bytes));
  }
}
