# Figures of alignment, shown by `snakemake --report`.


rule plot_region_boxes:
    """Every region as a box over subjects, with nulls and stars."""
    input:
        unpack(inputs("plot_region_boxes")),
    output:
        main=report(
            FLOW["plot_region_boxes"].output,
            caption="../report/region_boxes.rst",
            category=SECTIONS["subjects"],
            subcategory="{dataset}",
            labels={"figure": "{measure}, {extent} regions"},
        ),
        svg=FLOW["plot_region_boxes"].extra_outputs["svg"],
        tsv=FLOW["plot_region_boxes"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_region_boxes"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("plot_region_boxes"),
        command=command("plot_region_boxes"),
    shell:
        run("plot_region_boxes")


rule plot_model_scatter:
    """Inter-subject similarity against similarity with models."""
    input:
        unpack(inputs("plot_model_scatter")),
    output:
        main=report(
            FLOW["plot_model_scatter"].output,
            caption="../report/model_scatter.rst",
            category=SECTIONS["models"],
            subcategory="{dataset}",
            labels={"figure": "subjects and models"},
        ),
        svg=FLOW["plot_model_scatter"].extra_outputs["svg"],
        tsv=FLOW["plot_model_scatter"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_model_scatter"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("plot_model_scatter"),
        command=command("plot_model_scatter"),
    shell:
        run("plot_model_scatter")


rule plot_hubs:
    """Subjects, vision and language in the hubs of areas."""
    input:
        unpack(inputs("plot_hubs")),
    output:
        main=report(
            FLOW["plot_hubs"].output,
            caption="../report/hubs.rst",
            category=SECTIONS["models"],
            subcategory="{dataset}",
            labels={"figure": "hubs"},
        ),
        svg=FLOW["plot_hubs"].extra_outputs["svg"],
        tsv=FLOW["plot_hubs"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_hubs"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("plot_hubs"),
        command=command("plot_hubs"),
    shell:
        run("plot_hubs")


rule plot_hemispheres:
    """Left against right hemisphere."""
    input:
        unpack(inputs("plot_hemispheres")),
    output:
        main=report(
            FLOW["plot_hemispheres"].output,
            caption="../report/hemispheres.rst",
            category=SECTIONS["hemispheres"],
            subcategory="{dataset}",
            labels={"figure": "{halves}"},
        ),
        svg=FLOW["plot_hemispheres"].extra_outputs["svg"],
        tsv=FLOW["plot_hemispheres"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_hemispheres"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("plot_hemispheres"),
        command=command("plot_hemispheres"),
    shell:
        run("plot_hemispheres")


rule plot_statistics:
    """Pearson, Spearman and CKA compared."""
    input:
        unpack(inputs("plot_statistics")),
    output:
        main=report(
            FLOW["plot_statistics"].output,
            caption="../report/statistics.rst",
            category=SECTIONS["statistics"],
            subcategory="{dataset}",
            labels={"figure": "three statistics"},
        ),
        svg=FLOW["plot_statistics"].extra_outputs["svg"],
        tsv=FLOW["plot_statistics"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_statistics"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("plot_statistics"),
        command=command("plot_statistics"),
    shell:
        run("plot_statistics")


rule plot_reliability:
    """Similarity between subjects against that within them."""
    input:
        unpack(inputs("plot_reliability")),
    output:
        main=report(
            FLOW["plot_reliability"].output,
            caption="../report/reliability.rst",
            category=SECTIONS["noise"],
            subcategory="{dataset}",
            labels={"figure": "within and between subjects"},
        ),
        svg=FLOW["plot_reliability"].extra_outputs["svg"],
        tsv=FLOW["plot_reliability"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_reliability"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("plot_reliability"),
        command=command("plot_reliability"),
    shell:
        run("plot_reliability")


rule plot_shifts:
    """The three shifts of repetitions compared."""
    input:
        unpack(inputs("plot_shifts")),
    output:
        main=report(
            FLOW["plot_shifts"].output,
            caption="../report/shifts.rst",
            category=SECTIONS["noise"],
            subcategory="{dataset}",
            labels={"figure": "shifts"},
        ),
        svg=FLOW["plot_shifts"].extra_outputs["svg"],
        tsv=FLOW["plot_shifts"].extra_outputs["tsv"],
    log:
        log_of(FLOW["plot_shifts"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("plot_shifts"),
        command=command("plot_shifts"),
    shell:
        run("plot_shifts")


rule plot_attenuation:
    """All measures as power laws of one reliability."""
    input:
        unpack(inputs("plot_attenuation")),
    output:
        main=report(
            FLOW["plot_attenuation"].output,
            caption="../report/attenuation.rst",
            category=SECTIONS["noise"],
            subcategory="{dataset}",
            labels={"figure": "attenuation"},
        ),
        svg=FLOW["plot_attenuation"].extra_outputs["svg"],
        tsv=FLOW["plot_attenuation"].extra_outputs["tsv"],
        latex=FLOW["plot_attenuation"].extra_outputs["latex"],
    log:
        log_of(FLOW["plot_attenuation"].output),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spec=spec("plot_attenuation"),
        command=command("plot_attenuation"),
    shell:
        run("plot_attenuation")
