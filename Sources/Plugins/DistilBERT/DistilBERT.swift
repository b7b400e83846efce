import DistillEncoder

/// DistilBERT (Sanh et al. 2019): BERT without types of tokens and without a pooler, with other names.
///
/// The readout `pooler` is the first half of the classification head, relu(W·[CLS] + b).
public enum DistilBERT: NamedArchitecture {
  public static let name = "distilbert"
  public static let title = "A DistilBERT"

  public static let architecture: EncoderArchitecture = {
    var names = WeightNames(
      prefix: "distilbert.", pooler: "pre_classifier",
      ignored: ["vocab_transform.", "vocab_layer_norm.", "vocab_projector."])
    names.layers = "transformer.layer."
    (names.queries, names.keys, names.values) = ("attention.q_lin", "attention.k_lin", "attention.v_lin")
    (names.attentionOutput, names.attentionNorm) = ("attention.out_lin", "sa_layer_norm")
    (names.wide, names.narrow, names.outputNorm) = ("ffn.lin1", "ffn.lin2", "output_layer_norm")

    var fields = ConfigurationFields()
    (fields.hiddenSize, fields.layers, fields.heads) = ("dim", "n_layers", "n_heads")
    (fields.intermediateSize, fields.activation) = ("hidden_dim", "activation")
    (fields.hiddenDropout, fields.attentionDropout) = ("dropout", "attention_dropout")
    (fields.typeVocabularySize, fields.layerNormEpsilon) = (nil, nil)

    var architecture = EncoderArchitecture(
      name: "distilbert", models: [.init("distilbert", className: "DistilBert")], weights: names)
    architecture.fields = fields
    architecture.types = .none
    architecture.headActivation = .feedForward(.relu)
    architecture.hasOptionalPooler = false
    return architecture
  }()
}

/// The recipe of a DistilBERT teacher.
public typealias DistilBERTTeacher = EncoderTeacher<DistilBERT>
/// The recipe of a DistilBERT student.
public typealias DistilBERTStudent = EncoderStudent<DistilBERT>
