# Pages of datasets, and figures of shared components, tokens, untrained models, other datasets.


rule plot_dataset:
    """A page about a dataset: what there is of each subject, and how good it is."""
    input:
        unpack(inputs("plot_dataset")),
    output:
        main=report(
            FLOW["plot_dataset"].output,
            caption="../report/dataset.rst",
            category=SECTIONS["datasets"],
            subcategory="{dataset}",
            labels={"figure": "dataset page"},
        ),
        svg=FLOW["plot_dataset"].extra_outputs["svg"],
        tsv=FLOW["plot_dataset"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_dataset"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_dataset"),
        command=command("plot_dataset"),
    shell:
        run("plot_dataset")


rule plot_components:
    """Images on the components that subjects share."""
    input:
        unpack(inputs("plot_components")),
    output:
        main=report(
            FLOW["plot_components"].output,
            caption="../report/components.rst",
            category=SECTIONS["components"],
            subcategory="{dataset}",
            labels={"figure": "images of {kmcca_projections_table}"},
        ),
        svg=FLOW["plot_components"].extra_outputs["svg"],
        tsv=FLOW["plot_components"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_components"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_components"),
        command=command("plot_components"),
    shell:
        run("plot_components")


rule plot_words:
    """Words at both ends of shared components."""
    input:
        unpack(inputs("plot_words")),
    output:
        main=report(
            FLOW["plot_words"].output,
            caption="../report/words.rst",
            category=SECTIONS["components"],
            subcategory="{dataset}",
            labels={"figure": "words of {kmcca_top_words_table}"},
        ),
        svg=FLOW["plot_words"].extra_outputs["svg"],
        tsv=FLOW["plot_words"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_words"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_words"),
        command=command("plot_words"),
    shell:
        run("plot_words")


rule plot_partial:
    """Plain RSA beside partial RSA with a shared component held constant."""
    input:
        unpack(inputs("plot_partial")),
    output:
        main=report(
            FLOW["plot_partial"].output,
            caption="../report/partial.rst",
            category=SECTIONS["components"],
            subcategory="{dataset}",
            labels={"figure": "partial RSA of {rsa_subject_subject_partial_table}"},
        ),
        svg=FLOW["plot_partial"].extra_outputs["svg"],
        tsv=FLOW["plot_partial"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_partial"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_partial"),
        command=command("plot_partial"),
    shell:
        run("plot_partial")


rule plot_partitions:
    """Inter-subject RSA on two sets of images."""
    input:
        unpack(inputs("plot_partitions")),
    output:
        main=report(
            FLOW["plot_partitions"].output,
            caption="../report/partitions.rst",
            category=SECTIONS["subjects"],
            subcategory="{dataset}",
            labels={"figure": "two sets of images of {rsa_partitions_table}"},
        ),
        svg=FLOW["plot_partitions"].extra_outputs["svg"],
        tsv=FLOW["plot_partitions"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_partitions"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_partitions"),
        command=command("plot_partitions"),
    shell:
        run("plot_partitions")


rule plot_tokenizers:
    """Tokens of captions, language models and other subjects."""
    input:
        unpack(inputs("plot_tokenizers")),
    output:
        main=report(
            FLOW["plot_tokenizers"].output,
            caption="../report/tokenizers.rst",
            category=SECTIONS["models"],
            subcategory="{dataset}",
            labels={"figure": "tokenizers of {rsa_tokenizers_table}"},
        ),
        svg=FLOW["plot_tokenizers"].extra_outputs["svg"],
        tsv=FLOW["plot_tokenizers"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_tokenizers"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_tokenizers"),
        command=command("plot_tokenizers"),
    shell:
        run("plot_tokenizers")


rule plot_untrained:
    """Layers of untrained models, beside trained ones."""
    input:
        unpack(inputs("plot_untrained")),
    output:
        main=report(
            FLOW["plot_untrained"].output,
            caption="../report/untrained.rst",
            category=SECTIONS["models"],
            subcategory="{dataset}",
            labels={"figure": "untrained models of {cka_untrained_models_table}"},
        ),
        svg=FLOW["plot_untrained"].extra_outputs["svg"],
        tsv=FLOW["plot_untrained"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_untrained"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_untrained"),
        command=command("plot_untrained"),
    shell:
        run("plot_untrained")


rule plot_surfaces:
    """Layers of language models with layers of vision models."""
    input:
        unpack(inputs("plot_surfaces")),
    output:
        main=report(
            FLOW["plot_surfaces"].output,
            caption="../report/surfaces.rst",
            category=SECTIONS["models"],
            subcategory="{dataset}",
            labels={"figure": "surfaces of {model_model_table}"},
        ),
        svg=FLOW["plot_surfaces"].extra_outputs["svg"],
        tsv=FLOW["plot_surfaces"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_surfaces"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_surfaces"),
        command=command("plot_surfaces"),
    shell:
        run("plot_surfaces")


rule plot_sessions:
    """Other subjects and models on a dataset that is compared by session."""
    input:
        unpack(inputs("plot_sessions")),
    output:
        main=report(
            FLOW["plot_sessions"].output,
            caption="../report/sessions.rst",
            category=SECTIONS["others"],
            subcategory="{dataset}",
            labels={"figure": "overview of {rsa_subject_subject_sessions_table}"},
        ),
        svg=FLOW["plot_sessions"].extra_outputs["svg"],
        tsv=FLOW["plot_sessions"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_sessions"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=spec("plot_sessions"),
        command=command("plot_sessions"),
    shell:
        run("plot_sessions")
