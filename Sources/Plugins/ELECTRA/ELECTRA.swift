import DistillEncoder

/// ELECTRA (Clark et al. 2020): BERT without a pooler, whose embeddings may be narrower than its states.
///
/// The readout `pooler` is the first half of the classification head, gelu(W·[CLS] + b).
public enum ELECTRA: NamedArchitecture {
  public static let name = "electra"
  public static let title = "An ELECTRA"

  public static let architecture: EncoderArchitecture = {
    var names = WeightNames(
      prefix: "electra.", pooler: "classifier.dense",
      ignored: ["discriminator_predictions.", "generator_predictions.", "generator_lm_head."])
    names.classifier = "classifier.out_proj"
    var architecture = EncoderArchitecture(
      name: "electra", models: [.init("electra", className: "Electra")], weights: names)
    architecture.fields.embeddingSize = "embedding_size"
    architecture.headActivation = .feedForward(.gelu)
    architecture.hasOptionalPooler = false
    return architecture
  }()
}

/// The recipe of an ELECTRA teacher.
public typealias ELECTRATeacher = EncoderTeacher<ELECTRA>
/// The recipe of an ELECTRA student.
public typealias ELECTRAStudent = EncoderStudent<ELECTRA>
