package io.fluxspark.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.fluxspark.request.RequestColumns;
import io.fluxspark.spark.Tables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contact sheet's text; what a browser makes of it is in {@link GalleryIT}. */
class GalleryTest {
  private static final Pattern FACT =
      Pattern.compile("<dt[^>]*>([^<]*)</dt>\\s*<dd[^>]*>([^<]*)</dd>");
  private static final Pattern SOURCE = Pattern.compile("src=\"data:image/jpeg;base64,([^\"]+)\"");

  @TempDir private Path folder;

  static List<String> hostilePrompts() {
    return HostilePrompts.ALL;
  }

  @Test
  void showsPicturesAndWhatTheyWereMadeOf() throws Exception {
    Workspace workspace = new Workspace(folder);
    generate(
        workspace,
        "id,prompt,prompt_2,negative_prompt,true_cfg_scale,seed",
        "10,an owl,,,,8",
        "9,a fox,on a hill,no snow,2.50,7");

    String page = page(workspace);

    assertThat(FACT.matcher(page).results().map(fact -> fact.group(1) + ": " + fact.group(2)))
        .contains("Pictures: 2", "Model: constant", "License of the model: mit")
        .containsSubsequence(
            "Prompt 2: on a hill",
            "Negative prompt: no snow",
            "True CFG scale: 2.5",
            "Size: 48 × 32",
            "Steps: 2",
            "Guidance: 3.5",
            "Seed: 7",
            "Id: 9",
            "Image: 0",
            "Model: constant",
            "License: mit",
            "Size: 48 × 32",
            "Seed: 8",
            "Id: 10")
        .filteredOn(fact -> fact.startsWith("Prompt 2") || fact.startsWith("Negative"))
        .hasSize(2);
    assertThat(page).contains("alt=\"a fox\" class=\"small\" width=\"48\" height=\"32\">");
    assertThat(
            SOURCE
                .matcher(page)
                .results()
                .map(source -> Base64.getDecoder().decode(source.group(1)))
                .map(Workspace::pixels))
        .satisfiesExactly(
            fox -> assertThat(fox).hasSize(3 * 48 * 32).containsOnly(7),
            owl -> assertThat(owl).hasSize(3 * 48 * 32).containsOnly(8));
  }

  @Test
  void ofManyPicturesTheFirstByKeyAreShown() throws Exception {
    Workspace workspace = new Workspace(folder);
    generate(workspace, "prompt,num_images_per_prompt", "fox,103", "hen,102");

    String page = page(workspace);

    List<String> first =
        workspace
            .images("out")
            .orderBy(Tables.REQUEST_KEY)
            .limit(Gallery.MOST)
            .collectAsList()
            .stream()
            .map(row -> row.<String>getAs(Tables.REQUEST_KEY))
            .toList();
    assertThat(
            FACT.matcher(page)
                .results()
                .filter(fact -> fact.group(1).equals("Key"))
                .map(fact -> fact.group(2)))
        .hasSize(200)
        .containsExactlyInAnyOrderElementsOf(first);
    assertThat(page).contains("<dd>205, of which 200 are here</dd>").contains(" (205 made)</dd>");
  }

  @Test
  void theWholeOutputIsShownNotOnlyTheLastRun() throws Exception {
    Workspace workspace = new Workspace(folder);
    generate(workspace, "prompt", "fox", "hen");
    generate(workspace, "prompt", "fox", "owl");

    assertThat(page(workspace))
        .contains("alt=\"fox\"", "alt=\"hen\"", "alt=\"owl\"", "<dd>3</dd>", " (1 made)</dd>");
  }

  @Test
  void theSameOutputGivesTheSameFile() throws Exception {
    Workspace workspace = new Workspace(folder);
    generate(workspace, "prompt,num_images_per_prompt", "fox,9", "hen,9");
    FolderOutput output =
        FolderOutput.open(TestSpark.session(), workspace.output("out").toUri().toString());

    Gallery.write(output, "run");
    String once = page(workspace);
    Gallery.write(output, "run");

    assertThat(page(workspace)).isEqualTo(once);
  }

  @Test
  void anOutputWithoutPicturesHasNoGallery() {
    FolderOutput output =
        FolderOutput.open(TestSpark.session(), folder.resolve("new").toUri().toString());

    Gallery.write(output, "run");

    assertThat(folder.resolve("new")).doesNotExist();
  }

  @ParameterizedTest
  @MethodSource("hostilePrompts")
  void noTextChangesWhatThePageIsMadeOf(String text) {
    String page = page(picture(text));

    assertThat(elements(page)).isEqualTo(elements(page(picture("harmless"))));
    assertThat(page).doesNotContainIgnoringCase("<script");
  }

  @Test
  void everyTextIsEscaped() {
    String page = page(picture("<i a=\"b\" c='d'>&amp;"));

    assertThat(page)
        .doesNotContain("<i")
        .contains("&lt;i a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;amp;");
  }

  @Test
  void whatIsNoCharacterIsReplaced() {
    String page = page(picture("a\ud800b\udc00c\u0000d\u001be\ufffff\u0085g\uD83E\uDD50"));

    assertThat(page).contains(">a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffdg\uD83E\uDD50</p>");
  }

  @Test
  void aPromptOfABookIsCut() {
    String page = page(picture("é".repeat(100_000)));

    assertThat(page)
        .hasSizeLessThan(page(picture("")).length() + 100_000)
        .contains(">" + "é".repeat(4000) + "… (96,000 more characters)</p>");
  }

  @Test
  void aPictureThatCannotBeReadHasAnEmptyPlace() {
    assertThat(page(picture("fox")))
        .contains("This picture cannot be shown")
        .doesNotContain("<img");
  }

  @Test
  void thePageMayLoadNothingAndRunNothing() {
    String page = page(picture("fox"));

    assertThat(page.strip()).startsWith("<!DOCTYPE html>");
    assertThat(page)
        .containsSubsequence(
            "<head>",
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src"
                + " data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">",
            "<title>")
        .doesNotContain("http:", "https:", "url(", "@import");
  }

  private void generate(Workspace workspace, String... lines) {
    CommandLineRun run =
        CommandLineRun.of(workspace.generate(workspace.file("prompts.csv", lines), "out"));
    assertThat(run.code()).as(run.err()).isZero();
  }

  private static String page(Workspace workspace) throws Exception {
    return Files.readString(workspace.output("out").resolve("gallery.html"));
  }

  private static String page(GalleryPicture picture) {
    GalleryPage.Head head = new GalleryPage.Head("constant", "mit", 1, "run", 1);
    return new GalleryPage(head, List.of(picture)).html();
  }

  /** A page's tags, without what stands in quotes and between them. */
  private static String elements(String page) {
    return page.replaceAll("\"[^\"]*\"", "").replaceAll(">[^<]*<", "><");
  }

  /** A picture with a text wherever it may have one, and without a file. */
  private static GalleryPicture picture(String text) {
    StructType schema =
        GalleryPicture.COLUMNS
            .add(GalleryPicture.SOURCE, DataTypes.StringType)
            .add(Tables.PATH, DataTypes.StringType);
    Object[] values = new Object[schema.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (schema.apply(i).dataType().typeName()) {
            case "string" -> text;
            case "integer" -> 1;
            case "long" -> 1L;
            case "double" -> 1.0;
            default -> null;
          };
    }
    values[schema.fieldIndex(GalleryPicture.SOURCE)] = "";
    values[schema.fieldIndex(RequestColumns.PROMPT_2)] = "other " + text;
    values[schema.fieldIndex(RequestColumns.NEGATIVE_PROMPT)] = "no " + text;
    Row row = new GenericRowWithSchema(values, schema);
    return GalleryPicture.of(row);
  }
}
