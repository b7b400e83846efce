import DistillEncoder

/// RoBERTa (Liu et al. 2019): BERT whose positions begin after that of the padding, and whose tokens have one type.
///
/// XLM-RoBERTa and CamemBERT calculate the same, and each of the three plugins reads all of them. The readout `pooler` is the first half of
/// the classification head, tanh(W·<s> + b).
public enum RoBERTa: NamedArchitecture {
  public static let name = "roberta"
  public static let title = "A RoBERTa"

  public static let architecture: EncoderArchitecture = {
    var names = WeightNames(prefix: "roberta.", pooler: "classifier.dense", ignored: ["lm_head."])
    (names.otherPooler, names.classifier) = ("roberta.pooler.dense", "classifier.out_proj")
    var architecture = EncoderArchitecture(
      name: "roberta",
      models: [
        .init("roberta", className: "Roberta"), .init("xlm-roberta", className: "XLMRoberta"),
        .init("camembert", className: "Camembert"),
      ], weights: names)
    architecture.positions = .afterPadding(id: 1, isFixed: false)
    architecture.types = .first
    return architecture
  }()
}

/// The recipe of a RoBERTa teacher.
public typealias RoBERTaTeacher = EncoderTeacher<RoBERTa>
/// The recipe of a RoBERTa student.
public typealias RoBERTaStudent = EncoderStudent<RoBERTa>

/// XLM-RoBERTa (Conneau et al. 2020), which is calculated as ``RoBERTa`` is.
public enum XLMRoBERTa: NamedArchitecture {
  public static let name = "xlm-roberta"
  public static let title = "An XLM-RoBERTa"
  public static let architecture = RoBERTa.architecture.writing("xlm-roberta")
}

/// The recipe of an XLM-RoBERTa teacher.
public typealias XLMRoBERTaTeacher = EncoderTeacher<XLMRoBERTa>
/// The recipe of an XLM-RoBERTa student.
public typealias XLMRoBERTaStudent = EncoderStudent<XLMRoBERTa>

/// CamemBERT (Martin et al. 2020), which is calculated as ``RoBERTa`` is.
public enum CamemBERT: NamedArchitecture {
  public static let name = "camembert"
  public static let title = "A CamemBERT"
  public static let architecture = RoBERTa.architecture.writing("camembert")
}

/// The recipe of a CamemBERT teacher.
public typealias CamemBERTTeacher = EncoderTeacher<CamemBERT>
/// The recipe of a CamemBERT student.
public typealias CamemBERTStudent = EncoderStudent<CamemBERT>

extension EncoderArchitecture {
  /// Returns the same architecture, in which a student with random weights is of another model.
  fileprivate func writing(_ type: String) -> EncoderArchitecture {
    var other = self
    other.models.sort { $0.type == type && $1.type != type }
    return other
  }
}
