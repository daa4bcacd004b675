package io.fluxspark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which package may use which, and who alone knows DJL and Spark. */
class ArchitectureTest {

  private static final JavaClasses LIBRARY =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.fluxspark");

  /**
   * One line a package, in the order in which they stand on each other: what is above it is all
   * that it could use.
   */
  enum Layer {
    ERROR(),
    REQUEST(ERROR),
    IMAGE(ERROR),
    PROGRAM(ERROR),
    WEIGHTS(ERROR, PROGRAM),
    TEXT(ERROR, PROGRAM, WEIGHTS),
    CLIP(ERROR, IMAGE, PROGRAM, WEIGHTS, TEXT),
    TRANSFORMER(ERROR, PROGRAM, WEIGHTS),
    VAE(ERROR, PROGRAM, WEIGHTS),
    SAMPLING(ERROR, PROGRAM, WEIGHTS),
    PIPELINE(ERROR, REQUEST, IMAGE, PROGRAM, WEIGHTS, TEXT, TRANSFORMER, VAE, SAMPLING),
    TRAINING(ERROR, REQUEST, IMAGE, PROGRAM, WEIGHTS, TEXT, TRANSFORMER, VAE, SAMPLING, PIPELINE),
    SPARK(
        ERROR,
        REQUEST,
        IMAGE,
        PROGRAM,
        WEIGHTS,
        TEXT,
        CLIP,
        TRANSFORMER,
        VAE,
        SAMPLING,
        PIPELINE,
        TRAINING);

    private final List<Layer> used;

    Layer(Layer... used) {
      this.used = List.of(used);
    }

    /** The package and those below it. */
    String packages() {
      return "io.fluxspark." + name().toLowerCase(Locale.ROOT) + "..";
    }

    String[] refusedPackages() {
      return Arrays.stream(values())
          .filter(other -> other != this && !used.contains(other))
          .map(Layer::packages)
          .toArray(String[]::new);
    }
  }

  @ParameterizedTest
  @EnumSource
  void usesOnlyThePackagesOfItsLine(Layer layer) {
    noClasses()
        .that()
        .resideInAPackage(layer.packages())
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(layer.refusedPackages())
        .allowEmptyShould(true)
        .check(LIBRARY);
  }

  @Test
  void everyClassIsInAPackageThatHasALine() {
    assertThat(LIBRARY).hasSizeGreaterThan(10);
    classes()
        .should()
        .resideInAnyPackage(
            Arrays.stream(Layer.values()).map(Layer::packages).toArray(String[]::new))
        .check(LIBRARY);
  }

  @Test
  void noPackagesUseEachOther() {
    slices().matching("io.fluxspark.(*)..").should().beFreeOfCycles().check(LIBRARY);
  }

  @Test
  void programAloneKnowsTensorsAndTheEngine() {
    noClasses()
        .that()
        .resideOutsideOfPackage(Layer.PROGRAM.packages())
        .and()
        .resideOutsideOfPackage(Layer.TEXT.packages())
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl..")
        .check(LIBRARY);
  }

  @Test
  void ofDjlTextKnowsTheTokenizersAlone() {
    String[] tensors =
        Stream.of("engine", "ndarray", "nn", "inference", "training", "pytorch")
            .map(name -> "ai.djl." + name + "..")
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage(Layer.TEXT.packages())
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(tensors)
        .check(LIBRARY);
    noClasses()
        .that()
        .resideOutsideOfPackage(Layer.TEXT.packages())
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.djl.huggingface..")
        .check(LIBRARY);
  }

  @Test
  void sparkIsKnownToItsPackageAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackage(Layer.SPARK.packages())
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.apache.spark..", "org.apache.hadoop..", "scala..")
        .check(LIBRARY);
  }
}
