package io.fluxspark.jobs;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.util.Utils;
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;

/** Keeps credentials out of reports. */
final class Secrets {
  private static final Pattern USER_INFO = Pattern.compile("(?<=://)[^/@]+(?=@)");

  private Secrets() {}

  /** An address without the user and password that may stand in it. */
  static String redacted(String address) {
    return USER_INFO.matcher(address).replaceAll("*****");
  }

  /** Spark's settings as Spark itself shows them, without secrets, by key. */
  static Map<String, String> settings(SparkConf conf) {
    Map<String, String> settings = new TreeMap<>();
    for (Tuple2<String, String> setting :
        CollectionConverters.asJava(
            Utils.redact(conf, CollectionConverters.asScala(Arrays.asList(conf.getAll()))))) {
      settings.put(setting._1(), redacted(setting._2()));
    }
    return settings;
  }
}
